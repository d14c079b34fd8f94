"""The knowledge base and its sources, as the settings name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from knowledge import ChromaServer, Embedder, FolderSource, KnowledgeBase, Source, owner_of
from knowledge.sources.defaults import SourceDefaults

from .rewriter import ModelRewriter
from .settings import Settings
from .skills.generation import Generator
from .source_settings import SourceKind, SourceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSource:
    """A source with its place in the settings.

    Attributes:
        interval_s: Time between two re-syncs.
    """

    source: Source
    interval_s: int


def open_knowledge(
    settings: Settings, embedder: Embedder, generator: Generator | None = None
) -> KnowledgeBase:
    """The knowledge base of these settings, not opened yet.

    Args:
        generator: Puts questions in other languages into English; None: glossaries alone do.
    """
    directory, knowledge = settings.home / "knowledge", settings.knowledge
    server = None
    if knowledge.chroma_url:
        token = knowledge.chroma_token.get_secret_value()
        server = ChromaServer(knowledge.chroma_url, token, owner_of(directory))
    rewriter = ModelRewriter(generator, directory / "rewritten.jsonl") if generator else None
    return KnowledgeBase(directory, embedder, server, rewriter)


def configured_sources(settings: Settings) -> tuple[ConfiguredSource, ...]:
    """Every source the settings name: the plain folders, then the others."""
    knowledge = settings.knowledge
    folders = (
        ConfiguredSource(
            source=FolderSource(
                path, defaults=SourceDefaults(stale_after_days=knowledge.stale_after_days)
            ),
            interval_s=knowledge.sync_interval_s,
        )
        for path in knowledge.folders
    )
    named = (
        ConfiguredSource(
            source=make_source(settings, record),
            interval_s=record.sync_interval_s or knowledge.sync_interval_s,
        )
        for record in knowledge.sources
    )
    return (*folders, *named)


def make_source(settings: Settings, record: SourceSettings) -> Source:
    """The source a record describes."""
    return KINDS[record.kind](settings, record)


def _defaults(settings: Settings, record: SourceSettings) -> SourceDefaults:
    return SourceDefaults(
        owner=record.owner,
        service=record.service,
        url=record.url,
        groups=frozenset(record.groups),
        stale_after_days=record.stale_after_days or settings.knowledge.stale_after_days,
    )


def _folder(settings: Settings, record: SourceSettings) -> Source:
    return FolderSource(
        Path(record.location), name=record.name, defaults=_defaults(settings, record)
    )


KINDS: Mapping[SourceKind, Callable[[Settings, SourceSettings], Source]] = MappingProxyType(
    {"folder": _folder}
)
"""What makes a source of each kind."""

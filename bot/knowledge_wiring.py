"""The knowledge base and its sources, as the settings name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from knowledge import (
    ChromaServer,
    Document,
    Embedder,
    FolderSource,
    KnowledgeBase,
    Source,
    SourceDefaults,
    SourceError,
    SourceSpec,
    owner_of,
    source_of,
)
from knowledge.sources.git_program import without_credentials
from knowledge.sources.provided import Provider
from runbooks.catalog import Catalog

from .own_documents import log_templates, runbooks
from .rewriter import ModelRewriter
from .settings import Settings
from .skills.generation import Generator
from .source_settings import SourceSettings
from .store.engine import open_database
from .store.errors import StoreError
from .store.log_answers import LogAnswers
from .store.log_marks import LogMarks

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|[\w.-]+@[\w.-]+:", re.IGNORECASE)
"""How an address of a repository begins: a scheme, or user@host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSource:
    """A source with its place in the settings.

    Attributes:
        interval_s: Time between two re-syncs.
        location: As it is written there; empty for what the bot itself knows.
    """

    source: Source
    interval_s: int
    location: str = ""


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
            source=_folder(settings, path),
            location=str(path),
            interval_s=knowledge.sync_interval_s,
        )
        for path in knowledge.folders
    )
    named = (
        ConfiguredSource(
            source=make_source(settings, record),
            location=record.location,
            interval_s=record.sync_interval_s or knowledge.sync_interval_s,
        )
        for record in knowledge.sources
    )
    return (*folders, *named)


def make_source(settings: Settings, record: SourceSettings) -> Source:
    """The source a record describes; nothing is read yet."""
    spec = SourceSpec(
        name=record.name,
        kind=record.kind,
        location=record.location,
        branch=record.branch,
        under=record.under,
        defaults=_defaults(settings, record),
    )
    return source_of(spec, checkouts=_checkouts(settings), providers=own_documents(settings))


def source_at(settings: Settings, location: str) -> Source:
    """The source at a folder, file or address: the one of the settings there, else a plain one.

    So what the settings say of a place, its access groups above all, holds however it is named.

    Raises:
        SourceError: There is nothing.
    """
    place = _place(location)
    for one in configured_sources(settings):
        if one.location and _place(one.location) == place:
            return one.source
    if not is_address(location):
        if not Path(place).exists():
            raise SourceError(location, "it does not exist")
        return _folder(settings, Path(place))
    record = SourceSettings(name=without_credentials(location), kind="git", location=location)
    return make_source(settings, record)


def is_address(location: str) -> bool:
    """Whether this is the address of a repository and no path of this machine."""
    return bool(_ADDRESS.match(location)) and not Path(location).expanduser().exists()


def own_documents(settings: Settings) -> Mapping[str, Provider]:
    """What the bot itself knows, by kind; each is read when its source is."""
    return {
        runbooks.KIND: runbooks.RunbookDocuments(lambda: Catalog.load(settings.runbooks.folders)),
        log_templates.KIND: partial(_log_templates, settings),
    }


def _log_templates(settings: Settings) -> Iterable[Document]:
    try:
        database = open_database(settings.effective_database_url)
    except StoreError as exc:
        raise SourceError("what was said of log messages", str(exc)) from exc
    try:
        return log_templates.LogTemplateDocuments(LogAnswers(database), LogMarks(database))()
    finally:
        database.dispose()


def _checkouts(settings: Settings) -> Path:
    return settings.home / "knowledge" / "git"


def _place(location: str) -> str:
    return location if is_address(location) else str(Path(location).expanduser().resolve())


def _folder(settings: Settings, path: Path) -> Source:
    stale_after_days = settings.knowledge.stale_after_days
    return FolderSource(path, defaults=SourceDefaults(stale_after_days=stale_after_days))


def _defaults(settings: Settings, record: SourceSettings) -> SourceDefaults:
    return SourceDefaults(
        owner=record.owner,
        service=record.service,
        url=record.url,
        groups=frozenset(record.groups),
        stale_after_days=record.stale_after_days or settings.knowledge.stale_after_days,
    )

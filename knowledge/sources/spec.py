"""A source's settings into the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import SourceError
from . import Source
from .defaults import SourceDefaults
from .exports.confluence import ConfluenceSource
from .exports.notion import NotionSource
from .folder import FolderSource
from .git import GitSource
from .openapi import OpenApiSource
from .provided import ProvidedSource, Provider

LOCATED = ("folder", "git", "confluence", "notion", "openapi")
"""Kinds that are read from a place."""

PROVIDED = ("runbooks", "log-templates")
"""Kinds whose documents the program itself has."""

PUSHED = "threads"
"""The kind whose documents are added one by one; there is nothing to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """A source as it is set.

    Attributes:
        location: A folder, file or archive, or the address of a repository.
        branch: Of a repository; empty: its main one.
        under: Folder inside a repository; empty: all of it.
    """

    name: str
    kind: str
    location: str = ""
    branch: str = ""
    under: str = ""
    defaults: SourceDefaults = SourceDefaults()  # noqa: RUF009 - frozen


def source_of(
    spec: SourceSpec, *, checkouts: Path, providers: Mapping[str, Provider] | None = None
) -> Source:
    """The source that settings describe; nothing is read yet.

    Args:
        checkouts: Where repositories are checked out.
        providers: Documents the program itself has, by kind.

    Raises:
        SourceError: The kind is not known, or something it needs is missing or means nothing to it.
    """
    label = f"source {spec.name!r}"
    if not spec.name.strip():
        raise SourceError("a source", "it has no name")
    if spec.kind == PUSHED:
        raise SourceError(
            label, "threads are learned one by one in Slack; there is nothing to sync"
        )
    if spec.kind in PROVIDED:
        provider = (providers or {}).get(spec.kind)
        if provider is None:
            raise SourceError(label, f"there are no {spec.kind} here")
        return ProvidedSource(
            name=spec.name, kind=spec.kind, provide=provider, defaults=spec.defaults
        )
    if spec.kind not in LOCATED:
        kinds = ", ".join((*LOCATED, *PROVIDED))
        raise SourceError(label, f"kind {spec.kind!r} is not known (one of: {kinds})")
    if not spec.location.strip():
        raise SourceError(label, f"a source of kind {spec.kind!r} needs a location")
    return _located(spec, label, checkouts)


def _located(spec: SourceSpec, label: str, checkouts: Path) -> Source:
    if spec.kind == "git":
        return GitSource(
            name=spec.name,
            remote=spec.location,
            checkouts=checkouts,
            branch=spec.branch,
            under=spec.under,
            defaults=spec.defaults,
        )
    if spec.branch or spec.under:
        raise SourceError(label, "only a source of kind 'git' has a branch and a folder under it")
    location = Path(spec.location).expanduser()
    if spec.kind == "folder":
        return FolderSource(location, spec.name, spec.defaults)
    if spec.kind == "confluence":
        return ConfluenceSource(name=spec.name, location=location, defaults=spec.defaults)
    if spec.kind == "notion":
        return NotionSource(name=spec.name, location=location, defaults=spec.defaults)
    return OpenApiSource(name=spec.name, location=location, defaults=spec.defaults)

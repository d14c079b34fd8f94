"""`opsbot kb sync`, `kb sources` and `kb remove`: where documents come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .context import read_settings
from .kb_base import open_base, run
from .kb_report import print_report, print_sources
from .output import FAILED, WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from knowledge import Source, SourceStatus, SyncReport

    from ..settings import Settings

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def sync(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH|URL]...",
            help="Folders, files, addresses of git repositories; default: all of the settings.",
        ),
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A source of the settings, by its name.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Take in what the sources hold now; what did not change costs nothing.

    Sources that are not named stay as they are. An index that cannot be used is made anew.
    """
    settings = read_settings()
    if places and source:
        fail("name either places or sources", WRONG_USE)
    sources = _at(settings, places) if places else _configured(settings, source)
    report = run(_sync(settings, sources, quiet=as_json))
    if as_json:
        emit_json(report)
    else:
        print_report(report)
    if any(one.trouble for one in report.sources):
        raise typer.Exit(FAILED)


def sources(as_json: _Json = False) -> None:
    """List what is held of each source."""
    settings = read_settings()
    found = run(_sources(settings))
    if as_json:
        emit_json(found)
    else:
        print_sources(found, _names_in(settings))


def remove(
    name: Annotated[str, typer.Argument(help="The source, as `kb sources` names it.")],
    path: Annotated[
        str | None, typer.Argument(help="One document of it; default: all of them.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Forget a source, or one document of it; files stay where they are."""
    settings = read_settings()
    report = run(_remove(settings, name, path))
    if as_json:
        emit_json(report)
        return
    console.print(f"{report.removed} documents removed; {report.n_documents} are left")
    if name in _names_in(settings):
        console.print("The settings still name this source, so the next sync takes it in again.")


def _at(settings: Settings, places: Sequence[str]) -> list[Source]:
    from knowledge import SourceError

    from ..knowledge_wiring import source_at

    try:
        return [source_at(settings, place) for place in places]
    except SourceError as exc:
        fail(str(exc), WRONG_USE)


def _configured(settings: Settings, names: Sequence[str] | None) -> list[Source]:
    from ..knowledge_wiring import configured_sources

    sources = {one.source.name: one.source for one in configured_sources(settings)}
    if not sources:
        fail(
            "name a folder, or set knowledge.folders or knowledge.sources in opsbot.toml",
            WRONG_USE,
        )
    for name in names or ():
        if name not in sources:
            fail(f"no source is called {name}; there are: {', '.join(sources)}", WRONG_USE)
    return [sources[name] for name in names or sources]


def _names_in(settings: Settings) -> frozenset[str]:
    from ..knowledge_wiring import configured_sources

    return frozenset(one.source.name for one in configured_sources(settings))


async def _sync(settings: Settings, sources: Sequence[Source], *, quiet: bool) -> SyncReport:
    from .sync_progress import show_sync

    async with open_base(settings) as (base, _):
        with show_sync(quiet=quiet) as on_progress:
            return await base.sync(sources, on_progress)


async def _sources(settings: Settings) -> tuple[SourceStatus, ...]:
    async with open_base(settings, encoder=False) as (base, _):
        return await base.sources()


async def _remove(settings: Settings, name: str, path: str | None) -> SyncReport:
    async with open_base(settings) as (base, _):
        if name not in {one.name for one in await base.sources()}:
            fail(f"no source is called {name}; `opsbot kb sources` lists them", WRONG_USE)
        report = await base.remove(name, path)
        if not report.removed and path is not None:
            fail(f"{name} holds no document {path}", WRONG_USE)
        return report

"""`opsbot kb`: take in documents, search them, ask them."""

from __future__ import annotations

import asyncio
import getpass
import json
import time
import uuid
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from .context import read_settings
from .kb_report import print_report, print_sources
from .output import FAILED, WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from inference import InferenceService
    from knowledge import (
        KnowledgeBase,
        SearchResult,
        Source,
        SourceStatus,
        Status,
        SyncReport,
    )

    from ..messages import Request
    from ..settings import Settings
    from ..skills.knowledge import KnowledgeSkill

app = typer.Typer(no_args_is_help=True, help="Index documents, search them, ask them.")

T = TypeVar("T")
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def sync(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders or files; default: every source of the settings."),
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
    if paths and source:
        fail("name either paths or sources", WRONG_USE)
    sources = _paths(paths) if paths else _configured(settings, source)
    report = _run(_sync(settings, sources, quiet=as_json))
    if as_json:
        emit_json(report)
    else:
        print_report(report)
    if any(one.trouble for one in report.sources):
        raise typer.Exit(FAILED)


def _paths(paths: Sequence[Path]) -> list[Source]:
    from knowledge import FolderSource

    missing = next((path for path in paths if not path.expanduser().exists()), None)
    if missing is not None:
        fail(f"{missing} does not exist", WRONG_USE)
    return [FolderSource(path) for path in paths]


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


@app.command()
def sources(as_json: _Json = False) -> None:
    """List what is held of each source."""
    settings = read_settings()
    found = _run(_sources(settings))
    if as_json:
        emit_json(found)
    else:
        print_sources(found, _names_in(settings))


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The source, as `kb sources` names it.")],
    path: Annotated[
        str | None, typer.Argument(help="One document of it; default: all of them.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Forget a source, or one document of it; files stay where they are."""
    settings = read_settings()
    report = _run(_remove(settings, name, path))
    if as_json:
        emit_json(report)
        return
    console.print(f"{report.removed} documents removed; {report.n_documents} are left")
    if name in _names_in(settings):
        console.print("The settings still name this source, so the next sync takes it in again.")


def _names_in(settings: Settings) -> frozenset[str]:
    from ..knowledge_wiring import configured_sources

    return frozenset(one.source.name for one in configured_sources(settings))


@app.command()
def search(
    question: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Most passages returned.")] = 5,
    jsonl: Annotated[
        Path | None, typer.Option(help="One JSON object a line, with the field 'question'.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Find passages, without a model wording anything."""
    if (question is None) == (jsonl is None):
        fail('give either a "QUESTION" or --jsonl FILE', WRONG_USE)
    if question is not None:
        _refuse_empty(question)
    questions = read_questions(jsonl) if jsonl is not None else [question or ""]
    settings = read_settings()
    stale_after_days = settings.knowledge.stale_after_days
    results = _run(_search(settings, questions, k))
    if jsonl is not None:
        for found in results:
            emit_json(_search_record(found, stale_after_days), compact=True)
    elif as_json:
        emit_json(_search_record(results[0], stale_after_days))
    else:
        _print_hits(results[0], stale_after_days)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    as_json: _Json = False,
) -> None:
    """Answer a question from the documents, with citations, or say that nothing answers it."""
    _refuse_empty(question)
    record = _run(_ask(read_settings(), question.strip(), quiet=as_json))
    if as_json:
        emit_json(record)


@app.command()
def status(as_json: _Json = False) -> None:
    """Say what is indexed."""
    found, n_stale = _run(_status(read_settings()))
    if as_json:
        emit_json({**asdict(found), "n_stale": n_stale})
    elif found.built_at is None and found.trouble:
        console.print(f"unusable: {found.trouble}; `opsbot kb sync` rebuilds it", markup=False)
    elif found.built_at is None:
        console.print("empty; `opsbot kb sync PATH` fills it", markup=False)
    else:
        built = found.built_at.astimezone().strftime("%Y-%m-%d %H:%M")
        console.print(
            f"{found.n_documents} documents, {found.n_chunks} passages, {found.n_skipped} files "
            f"skipped; built {built} with {found.encoder}",
            highlight=False,
        )
        if n_stale:
            noun = "document" if n_stale == 1 else "documents"
            console.print(f"{n_stale} {noun} may be out of date", style="yellow", markup=False)
        if found.trouble:
            console.print(f"damaged: {found.trouble}; `opsbot kb sync` rebuilds it", markup=False)


def _refuse_empty(question: str) -> None:
    if not question.strip():
        fail("say what you want to know", WRONG_USE)


def read_questions(path: Path) -> list[str]:
    """The field `question` of every line; ends the command at the first fault."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        fail(f"{path} cannot be read: {exc}", WRONG_USE)
    return [
        _question_of(line, f"{path}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _question_of(line: str, place: str) -> str:
    try:
        record: object = json.loads(line)
    except ValueError:
        record = None
    value = cast("dict[str, object]", record).get("question") if isinstance(record, dict) else None
    if not isinstance(value, str):
        fail(f"{place}: expected a JSON object with the text field 'question'", WRONG_USE)
    return value


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what the knowledge base refuses becomes one sentence."""
    from knowledge import KnowledgeError

    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
    try:
        return asyncio.run(work)
    except KnowledgeError as exc:
        fail(str(exc))


@asynccontextmanager
async def _knowledge(
    settings: Settings, *, generator: bool = False, encoder: bool = True
) -> AsyncGenerator[tuple[KnowledgeBase, InferenceService]]:
    from ..embedder import EngineEmbedder
    from ..engine import open_engine
    from ..knowledge_wiring import open_knowledge

    async with open_engine(settings, generator=generator, encoder=encoder) as engine:
        base = open_knowledge(settings, EngineEmbedder(engine), engine if generator else None)
        try:
            yield base, engine
        finally:
            await base.close()


async def _sync(settings: Settings, sources: Sequence[Source], *, quiet: bool) -> SyncReport:
    from .sync_progress import show_sync

    async with _knowledge(settings) as (base, _):
        with show_sync(quiet=quiet) as on_progress:
            return await base.sync(sources, on_progress)


async def _sources(settings: Settings) -> tuple[SourceStatus, ...]:
    async with _knowledge(settings, encoder=False) as (base, _):
        return await base.sources()


async def _remove(settings: Settings, name: str, path: str | None) -> SyncReport:
    async with _knowledge(settings) as (base, _):
        if name not in {one.name for one in await base.sources()}:
            fail(f"no source is called {name}; `opsbot kb sources` lists them", WRONG_USE)
        report = await base.remove(name, path)
        if not report.removed and path is not None:
            fail(f"{name} holds no document {path}", WRONG_USE)
        return report


async def _search(settings: Settings, questions: Sequence[str], k: int) -> list[SearchResult]:
    from inference import InferenceError
    from knowledge import OWNER

    async with _knowledge(settings) as (base, engine):
        await base.open()
        # Without the encoder words alone decide.
        with suppress(InferenceError):
            await engine.encoder_ready()
        return [await base.search(question, k, reader=OWNER) for question in questions]


async def _status(settings: Settings) -> tuple[Status, int]:
    """What is indexed, and how many of the documents count as stale."""
    from knowledge import staleness

    today, limit = datetime.now(UTC).date(), settings.knowledge.stale_after_days
    async with _knowledge(settings, encoder=False) as (base, _):
        known = await base.catalogue()
        stale = [one for *_place, one in known if staleness(one, today, limit)]
        return await base.status(), len(stale)


async def _ask(settings: Settings, question: str, *, quiet: bool) -> dict[str, object]:
    from ..messages import Reply
    from ..skills.knowledge.record import record_of
    from .render import TerminalOutlet

    began_mono = time.monotonic()
    outlet = TerminalOutlet(console, live=not quiet)
    async with open_skill(settings) as skill:
        with outlet:
            async for event in skill.answer(_request(question), ()):
                if isinstance(event, Reply):
                    await outlet.show(event)
    seconds = round(time.monotonic() - began_mono, 2)
    if outlet.last is None:
        fail("the question was not answered")
    return {**asdict(record_of(outlet.last)), "seconds": seconds}


@asynccontextmanager
async def open_skill(settings: Settings) -> AsyncGenerator[KnowledgeSkill]:
    """The skill as the terminal's owner uses it, over the settings' own index and model."""
    from ..embedder import EngineEmbedder
    from ..skills.knowledge import KnowledgeSkill

    async with _knowledge(settings, generator=True) as (base, engine):
        yield KnowledgeSkill(
            base, engine, model_name=settings.model, embedder=EngineEmbedder(engine)
        )


def _request(question: str) -> Request:
    from knowledge import OWNER
    from runbooks.directory import LOCAL_TEAM

    from ..messages import Actor, Request, ThreadRef

    user, request_id = getpass.getuser(), f"cli-{uuid.uuid4().hex[:12]}"
    return Request(
        request_id=request_id,
        text=question,
        actor=Actor(user_id=user, team_id=LOCAL_TEAM, name=user),
        thread=ThreadRef("", request_id),
        received_at=datetime.now(UTC),
        reader=OWNER,
    )


def _search_record(found: SearchResult, stale_after_days: int | None) -> dict[str, object]:
    """What scripts get: hits with their place and text, whether they are stale, and the time."""
    from knowledge import staleness

    today = datetime.now(UTC).date()
    return {
        "hits": [
            {
                "path": hit.path,
                "title": hit.title,
                "heading": hit.heading,
                "lines": list(hit.lines),
                "score": round(hit.score, 6),
                "text": hit.text,
                "stale": staleness(hit.metadata, today, stale_after_days),
            }
            for hit in found.hits
        ],
        "answerability": found.answerability.value,
        "ms": round(found.ms, 2),
    }


def _print_hits(found: SearchResult, stale_after_days: int | None) -> None:
    from knowledge import staleness

    today = datetime.now(UTC).date()
    if not found.hits:
        console.print("nothing found")
    for number, hit in enumerate(found.hits, start=1):
        heading = f" > {hit.heading}" if hit.heading else ""
        console.print(f"[{number}] {hit.title}{heading}", style="bold", markup=False)
        console.print(f"{hit.path}:{hit.lines[0]}-{hit.lines[1]}", style="dim", markup=False)
        console.print(" ".join(hit.text.split())[:300], markup=False, highlight=False)
        stale = staleness(hit.metadata, today, stale_after_days)
        if stale:
            console.print(f"may be out of date: {stale}", style="yellow", markup=False)
    console.print(
        f"likely to answer: {found.answerability} · {found.ms:.1f} ms", style="dim", highlight=False
    )

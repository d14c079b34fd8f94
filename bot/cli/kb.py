"""`opsbot kb`: index folders of documents, search them, ask them."""

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
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from inference import InferenceService
    from knowledge import KnowledgeBase, SearchResult, Status, SyncReport

    from ..messages import Reply, Request
    from ..settings import Settings

app = typer.Typer(no_args_is_help=True, help="Index documents, search them, ask them.")

T = TypeVar("T")
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def sync(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders or files; default: knowledge.folders of the settings."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Make the knowledge base hold exactly these documents; what did not change costs nothing."""
    settings = read_settings()
    folders = paths or list(settings.knowledge.folders)
    if not folders:
        fail("name a folder, or set knowledge.folders in opsbot.toml", WRONG_USE)
    missing = next((path for path in folders if not path.expanduser().exists()), None)
    if missing is not None:
        fail(f"{missing} does not exist", WRONG_USE)
    report = _run(_sync(settings, folders, quiet=as_json))
    if as_json:
        emit_json(report)
    else:
        _print_report(report)


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
    questions = read_questions(jsonl) if jsonl is not None else [question or ""]
    results = _run(_search(read_settings(), questions, k))
    if jsonl is not None:
        for found in results:
            emit_json(_search_record(found), compact=True)
    elif as_json:
        emit_json(_search_record(results[0]))
    else:
        _print_hits(results[0])


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    as_json: _Json = False,
) -> None:
    """Answer a question from the documents, with citations, or say that nothing answers it."""
    if not question.strip():
        fail("say what you want to know", WRONG_USE)
    record = _run(_ask(read_settings(), question.strip(), quiet=as_json))
    if as_json:
        emit_json(record)


@app.command()
def status(as_json: _Json = False) -> None:
    """Say what is indexed."""
    found = _run(_status(read_settings()))
    if as_json:
        emit_json(found)
    elif found.trouble:
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
    from knowledge import KnowledgeBase

    from ..embedder import EngineEmbedder
    from ..engine import open_engine

    async with open_engine(settings, generator=generator, encoder=encoder) as engine:
        base = KnowledgeBase(settings.home / "knowledge", EngineEmbedder(engine))
        try:
            yield base, engine
        finally:
            await base.close()


async def _sync(settings: Settings, folders: Sequence[Path], *, quiet: bool) -> SyncReport:
    from .sync_progress import show_sync

    async with _knowledge(settings) as (base, _):
        with show_sync(quiet=quiet) as on_progress:
            return await base.sync(folders, on_progress)


async def _search(settings: Settings, questions: Sequence[str], k: int) -> list[SearchResult]:
    from inference import InferenceError
    from knowledge import OWNER

    async with _knowledge(settings) as (base, engine):
        await base.open()
        # Without the encoder words alone decide.
        with suppress(InferenceError):
            await engine.encoder_ready()
        return [await base.search(question, k, reader=OWNER) for question in questions]


async def _status(settings: Settings) -> Status:
    async with _knowledge(settings, encoder=False) as (base, _):
        return await base.status()


async def _ask(settings: Settings, question: str, *, quiet: bool) -> dict[str, object]:
    from ..messages import Reply
    from ..skills.knowledge import KnowledgeSkill
    from .render import TerminalOutlet

    began_mono = time.monotonic()
    outlet = TerminalOutlet(console, live=not quiet)
    async with _knowledge(settings, generator=True) as (base, engine):
        skill = KnowledgeSkill(base, engine, model_name=settings.model)
        with outlet:
            async for event in skill.answer(_request(question), ()):
                if isinstance(event, Reply):
                    await outlet.show(event)
    seconds = round(time.monotonic() - began_mono, 2)
    return _answer_record(outlet.last, seconds)


def _request(question: str) -> Request:
    from runbooks.directory import LOCAL_TEAM

    from ..messages import Actor, Request, ThreadRef

    user, request_id = getpass.getuser(), f"cli-{uuid.uuid4().hex[:12]}"
    return Request(
        request_id=request_id,
        text=question,
        actor=Actor(user_id=user, team_id=LOCAL_TEAM, name=user),
        thread=ThreadRef("", request_id),
        received_at=datetime.now(UTC),
    )


def _search_record(found: SearchResult) -> dict[str, object]:
    """What scripts get: hits with their place and text, and the time."""
    return {
        "hits": [
            {
                "path": hit.path,
                "title": hit.title,
                "heading": hit.heading,
                "lines": list(hit.lines),
                "score": round(hit.score, 6),
                "text": hit.text,
            }
            for hit in found.hits
        ],
        "answerability": found.answerability.value,
        "ms": round(found.ms, 2),
    }


def _answer_record(reply: Reply | None, seconds: float) -> dict[str, object]:
    from ..messages import Note, Passages, Prose
    from ..skills.knowledge.citations import cited_numbers

    parts = reply.parts if reply is not None else ()
    text = " ".join(part.text for part in parts if isinstance(part, Prose))
    rows = [row for part in parts if isinstance(part, Passages) for row in part.rows]
    cited = cited_numbers(text)
    return {
        "answer": text,
        "citations": [
            {"number": row.number, "path": row.path, "title": row.title, "lines": list(row.lines)}
            for row in rows
            if row.number in cited
        ],
        "refused": not rows,
        "passages": [asdict(row) for row in rows],
        "notes": [part.text for part in parts if isinstance(part, Note)],
        "seconds": seconds,
    }


def _print_report(report: SyncReport) -> None:
    console.print(
        f"{report.n_documents} documents in {report.n_chunks} passages: {report.added} added, "
        f"{report.changed} changed, {report.removed} removed; {report.n_embedded} passages "
        f"embedded in {report.seconds:.1f} s",
        highlight=False,
    )
    if report.rebuilt:
        console.print(f"rebuilt: {report.rebuilt}", style="dim", markup=False)
    for file in report.skipped:
        console.print(f"skipped {file.path}: {file.reason}", style="yellow", markup=False)


def _print_hits(found: SearchResult) -> None:
    if not found.hits:
        console.print("nothing found")
    for number, hit in enumerate(found.hits, start=1):
        heading = f" > {hit.heading}" if hit.heading else ""
        console.print(f"[{number}] {hit.title}{heading}", style="bold", markup=False)
        console.print(f"{hit.path}:{hit.lines[0]}-{hit.lines[1]}", style="dim", markup=False)
        console.print(" ".join(hit.text.split())[:300], markup=False, highlight=False)
    console.print(
        f"likely to answer: {found.answerability} · {found.ms:.1f} ms", style="dim", highlight=False
    )

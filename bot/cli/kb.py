"""`opsbot kb`: take in documents, search them, ask them."""

from __future__ import annotations

import getpass
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import kb_sources
from .context import read_settings
from .jsonl import read_field
from .kb_base import open_base, run
from .output import WRONG_USE, console, emit_json, fail

if TYPE_CHECKING:
    from knowledge import (
        SearchResult,
        Status,
    )

    from ..messages import Request
    from ..settings import Settings
    from ..skills.knowledge import KnowledgeSkill

app = typer.Typer(no_args_is_help=True, help="Index documents, search them, ask them.")
app.command()(kb_sources.sync)
app.command()(kb_sources.sources)
app.command()(kb_sources.remove)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


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
    questions = read_field(jsonl, "question") if jsonl is not None else [question or ""]
    settings = read_settings()
    stale_after_days = settings.knowledge.stale_after_days
    results = run(_search(settings, questions, k))
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
    record = run(_ask(read_settings(), question.strip(), quiet=as_json))
    if as_json:
        emit_json(record)


@app.command()
def status(as_json: _Json = False) -> None:
    """Say what is indexed."""
    found, n_stale = run(_status(read_settings()))
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


async def _search(settings: Settings, questions: Sequence[str], k: int) -> list[SearchResult]:
    from inference import InferenceError
    from knowledge import OWNER

    async with open_base(settings) as (base, engine):
        await base.open()
        # Without the encoder words alone decide.
        with suppress(InferenceError):
            await engine.encoder_ready()
        return [await base.search(question, k, reader=OWNER) for question in questions]


async def _status(settings: Settings) -> tuple[Status, int]:
    """What is indexed, and how many of the documents count as stale."""
    from knowledge import staleness

    today, limit = datetime.now(UTC).date(), settings.knowledge.stale_after_days
    async with open_base(settings, encoder=False) as (base, _):
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

    async with open_base(settings, generator=True) as (base, engine):
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
        "note": found.note,
        "ms": round(found.ms, 2),
    }


def _print_hits(found: SearchResult, stale_after_days: int | None) -> None:
    from knowledge import staleness

    today = datetime.now(UTC).date()
    if found.note:
        console.print(found.note, style="yellow", markup=False)
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

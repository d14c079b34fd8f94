"""`opsbot kb gaps` and `opsbot kb feedback`: what the documents do not say, or say badly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .context import terminal_settings
from .kb_base import open_base, run
from .log_selection import instant
from .output import console, emit_json, fail

if TYPE_CHECKING:
    from ..gaps import Gap, GapState
    from ..settings import Settings
    from ..store.knowledge_answers import JudgedAnswer, KnowledgeAnswers

T = TypeVar("T")
_Since = Annotated[str, typer.Option(help="7d, 12h, or a time such as 2026-01-31T08:00.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def gaps(
    since: _Since = "",
    check: Annotated[
        bool, typer.Option("--check", help="Search again: is it answered by now?")
    ] = False,
    as_json: _Json = False,
) -> None:
    """List what was asked and no document answered, most asked first."""
    from ..gaps import group_gaps

    settings, start = terminal_settings(), _start(since)
    found = group_gaps(_stored(settings, lambda answers: answers.refusals(start)))
    states = run(_states(settings, found)) if check else [None] * len(found)
    if as_json:
        emit_json([_record(gap, state) for gap, state in zip(found, states, strict=True)])
        return
    if not found:
        console.print("no question was left unanswered")
    for gap, state in zip(found, states, strict=True):
        _print_gap(gap, state)


def feedback(
    since: _Since = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that only helped.")] = False,
    as_json: _Json = False,
) -> None:
    """List answers from documents that did not help, with what they stood on."""
    start = _start(since)
    found = _stored(terminal_settings(), lambda answers: answers.judged(start))
    shown = [one for one in found if every or one.n_bad]
    if as_json:
        emit_json([asdict(one.answer) | {"good": one.n_good, "bad": one.n_bad} for one in shown])
        return
    if not shown:
        console.print("nobody said that an answer did not help")
    for one in shown:
        _print_judged(one)


def _start(since: str) -> datetime | None:
    return instant(since, datetime.now(UTC)) if since else None


def _stored(settings: Settings, read: Callable[[KnowledgeAnswers], Sequence[T]]) -> Sequence[T]:
    from ..store.engine import open_database
    from ..store.errors import StoreError
    from ..store.knowledge_answers import KnowledgeAnswers

    try:
        database = open_database(settings.effective_database_url)
        try:
            return read(KnowledgeAnswers(database))
        finally:
            database.dispose()
    except StoreError as exc:
        fail(str(exc))


async def _states(settings: Settings, found: Sequence[Gap]) -> list[GapState | None]:
    """Search for every gap again, as everybody and as the operator."""
    from inference import InferenceError
    from knowledge import ANYBODY, OWNER

    from ..gaps import state_of

    async with open_base(settings) as (base, engine):
        with suppress(InferenceError):  # without the encoder words alone decide
            await engine.encoder_ready()
        return [
            state_of(
                gap,
                await base.search(gap.question, reader=ANYBODY),
                await base.search(gap.question, reader=OWNER),
            )
            for gap in found
        ]


def _record(gap: Gap, state: GapState | None) -> Mapping[str, object]:
    return asdict(gap) | ({"state": state.value} if state is not None else {})


def _print_gap(gap: Gap, state: GapState | None) -> None:
    people = f"{gap.n_people} {'person' if gap.n_people == 1 else 'people'}"
    count = f"{gap.n_asked} x by {people}, last {gap.last_at.astimezone():%Y-%m-%d %H:%M}"
    marks = " · ".join(filter(None, (count, state.value if state is not None else "")))
    console.print(gap.question, style="bold", markup=False, highlight=False)
    console.print(f"  {marks}", style="dim", markup=False, highlight=False)
    for words in gap.wordings:
        console.print(f"  also: {words}", markup=False, highlight=False)
    if gap.nearest:
        nearest = "; ".join(gap.nearest)
        console.print(f"  nearest: {nearest}", style="dim", markup=False, highlight=False)


def _print_judged(one: JudgedAnswer) -> None:
    answer = one.answer
    at = f"{answer.created_at.astimezone():%Y-%m-%d %H:%M}"
    console.print(answer.question, style="bold", markup=False, highlight=False)
    counted = f"  did not help {one.n_bad}, helped {one.n_good} · {at}"
    console.print(counted, style="dim", markup=False, highlight=False)
    console.print(f"  {answer.answer or 'no sentence was shown'}", markup=False, highlight=False)
    for passage in answer.passages:
        place = f"{passage.path}:{passage.lines[0]}-{passage.lines[1]}"
        console.print(f"  {place}  {passage.title}", style="dim", markup=False, highlight=False)

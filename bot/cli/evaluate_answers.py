"""`opsbot eval answers`: scores whole answers from the knowledge base on labelled questions."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .context import read_settings
from .output import WRONG_USE, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..evaluation.kb_answers import AnswersReport, Group, Judged, Question, Seconds
    from ..evaluation.kb_support import ReadLines
    from ..settings import Settings


def answers(
    data: Annotated[Path, typer.Option("--data", help="Folder with kb-eval/ and kb/.")],
    questions: Annotated[
        Path | None, typer.Option(help="Labelled questions; default: kb-eval/dev.jsonl.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many questions.")] = None,
    kinds: Annotated[str, typer.Option(help="Only these types, with commas between.")] = "",
    seed_sample: Annotated[
        int | None, typer.Option(help="Shuffle by this number before --limit counts.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How good answers are: facts, refusals, citations, code, seconds."""
    from ..evaluation.kb_answers import chosen, read_labelled, report
    from ..evaluation.kb_asking import lines_under
    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    file = questions or data / "kb-eval" / "dev.jsonl"
    try:
        asked = chosen(read_labelled(file), kinds=wanted, limit=limit, seed=seed_sample)
    except (OSError, ValueError) as exc:
        fail(f"{file} cannot be used: {exc}", WRONG_USE)
    from knowledge import KnowledgeError

    try:
        judged = asyncio.run(_evaluate(read_settings(), data, asked, lines_under(data / "kb")))
    except KnowledgeError as exc:
        fail(str(exc))
    found = report(judged)
    if as_json:
        emit_json({"report": asdict(found), "answers": [_record(one) for one in judged]})
    else:
        _print(found)


async def _evaluate(
    settings: Settings, data: Path, asked: Sequence[Question], read_lines: ReadLines
) -> tuple[Judged, ...]:
    from ..embedder import EngineEmbedder
    from ..evaluation.kb_answers import evaluate_answers
    from ..evaluation.kb_asking import ask_with
    from ..skills.knowledge import KnowledgeSkill
    from .evaluate_kb import open_knowledge

    async with open_knowledge(settings, data, generator=True) as (base, engine):
        skill = KnowledgeSkill(
            base, engine, model_name=settings.model, embedder=EngineEmbedder(engine)
        )
        return await evaluate_answers(asked, ask_with(skill), read_lines, _progress)


def _progress(text: str) -> None:
    error_console.print(text, style="dim", markup=False, highlight=False)


def _record(one: Judged) -> dict[str, object]:
    return {
        "id": one.question.question_id,
        "type": one.question.kind,
        "question": one.question.text,
        "answer": one.answer.text,
        "refused": one.answer.refused,
        "has_facts": one.has_facts,
        "missing": list(one.missing),
        "claims": [asdict(claim) for claim in one.claims],
        "seconds": one.answer.end_s,
    }


def _print(found: AnswersReport) -> None:
    names = ("questions", "n", "facts", "refused", "cites right", "resolve", "support", "no code")
    table = Table(*names, box=None)
    table.add_row("answerable", *_cells(found.answerable))
    table.add_row("unanswerable", *_cells(found.unanswerable))
    for kind, group in found.by_kind.items():
        table.add_row(f"  {kind}", *_cells(group))
    console.print(table)
    for name, each in (
        ("passages", found.passages_s),
        ("first words", found.first_s),
        ("end", found.end_s),
    ):
        console.print(f"{name}: {_seconds(each)}", style="dim", highlight=False)
    for question_id, why in found.misses.items():
        console.print(f"{question_id}: {why}", style="dim", markup=False, highlight=False)


def _cells(group: Group) -> tuple[str, ...]:
    return (
        str(group.n),
        _share(group.n_facts, group.n),
        _share(group.n_refused, group.n),
        _share(group.n_cites_expected, group.n),
        _share(group.n_resolved, group.n_claims),
        _share(group.n_supported, group.n_claims),
        f"{group.n_code_absent}/{group.n_code}",
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def _seconds(each: Seconds) -> str:
    return "never" if each.p50 is None else f"median {each.p50} s, p95 {each.p95} s"

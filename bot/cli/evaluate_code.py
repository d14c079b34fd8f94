"""`opsbot eval code`: requests for code, their answers executed or held against assertions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .context import read_settings
from .output import WRONG_USE, console, emit_json, error_console, fail

if TYPE_CHECKING:
    from ..evaluation.code import CaseRun, CodeReport, Tally
    from ..evaluation.code_case import CodeCase
    from ..settings import Settings
    from ..skills.code.snippets import Collection
    from ..skills.generation import Generator


class Snippets(Enum):
    """Whether the snippet collection takes part."""

    BOTH = "both"
    WITH = "with"
    WITHOUT = "without"


def code(
    model: Annotated[str, typer.Option("--model", help="Another model than the set one.")] = "",
    only: Annotated[
        str, typer.Option("--only", help="Only cases whose language/id contains this.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many cases.")] = 0,
    snippets: Annotated[
        Snippets, typer.Option("--snippets", help="One pass with, one without, or both.")
    ] = Snippets.BOTH,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Only what snippets answer by themselves.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Add every case as a JSON line to this file, as it is judged."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """How often generated code does what was asked, before and after repair."""
    from ..evaluation.code_case import read_cases
    from ..evaluation.code_sandbox import sandbox_fault
    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
    try:
        cases = [case for case in read_cases() if only in case.name]
    except (OSError, ValueError) as exc:
        fail(f"the cases cannot be read: {exc}", WRONG_USE)
    if not cases:
        fail(f"no case is called {only!r}", WRONG_USE)
    cases = spread(cases, limit) if limit else cases
    if sandbox_fault():
        _say(f"bash and Python answers are not executed: {sandbox_fault()}")
    settings = read_settings(**({"model": model} if model else {}))
    passes = {Snippets.BOTH: (True, False), Snippets.WITH: (True,), Snippets.WITHOUT: (False,)}
    wanted = (True,) if no_model else passes[snippets]
    if save is not None:
        _try_to_save(save)
    reports = asyncio.run(_reports(settings, cases, wanted, no_model=no_model, save=save))
    if as_json:
        emit_json(reports)
        return
    for report in reports:
        _print(report)


def spread(cases: Sequence[CodeCase], limit: int) -> list[CodeCase]:
    """So many cases, taken from the languages in turn."""
    turns: dict[str, int] = {}
    order: list[tuple[int, int]] = []
    for index, case in enumerate(cases):
        turn = turns.get(case.language.value, 0)
        turns[case.language.value] = turn + 1
        order.append((turn, index))
    return [cases[index] for _, index in sorted(order)[:limit]]


async def _reports(
    settings: Settings,
    cases: Sequence[CodeCase],
    passes: Sequence[bool],
    *,
    no_model: bool,
    save: Path | None,
) -> list[CodeReport]:
    from ..command_notes import shell_classes
    from ..evaluation.code import evaluate
    from ..evaluation.code_asking import ask
    from ..skills.code.skill import CodeSkill

    async with AsyncExitStack() as stack:
        generator, collection = await _parts(settings, stack, no_model=no_model)
        reports: list[CodeReport] = []
        for with_snippets in passes:
            skill = CodeSkill(
                generator,
                classify_shell=shell_classes,
                snippets=collection if with_snippets else None,
            )
            report = await evaluate(
                cases,
                lambda case, skill=skill: ask(skill, case),
                model="" if no_model else settings.model,
                with_snippets=with_snippets,
                progress=_say,
                keep=_saver(save, with_snippets=with_snippets),
            )
            reports.append(report)
        return reports


async def _parts(
    settings: Settings, stack: AsyncExitStack, *, no_model: bool
) -> tuple[Generator, Collection]:
    from ..embedder import EngineEmbedder
    from ..engine import open_engine
    from ..evaluation.code_asking import NoModel
    from ..generators import open_generators
    from ..skills.code.snippets import Collection

    engine = await stack.enter_async_context(open_engine(settings, generator=not no_model))
    collection = Collection(EngineEmbedder(engine).embed)
    if no_model:
        return NoModel(), collection
    generators = await stack.enter_async_context(open_generators(settings, engine))
    return generators.of("code"), collection


def _try_to_save(path: Path) -> None:
    try:
        path.open("a").close()
    except OSError as exc:
        fail(f"{path} cannot be written: {exc.strerror}", WRONG_USE)


def _saver(path: Path | None, *, with_snippets: bool) -> Callable[[CaseRun], None]:
    """What adds a run to a file, on a line of its own."""

    def save(run: CaseRun) -> None:
        if path is not None:
            line = json.dumps({**asdict(run), "with_snippets": with_snippets}, ensure_ascii=False)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    return save


def _say(text: str) -> None:
    error_console.print(text, style="dim", markup=False, highlight=False)


def _print(report: CodeReport) -> None:
    table = Table(
        "language", "cases", "right before", "right after", "valid before", "valid after", box=None
    )
    for name, each in report.by_language.items():
        table.add_row(*_row(name, each))
    table.add_row(*_row("all", report.total))
    for name, each in report.by_source.items():
        table.add_row(*_row(f"  by {name}", each))
    kind = "with the snippet collection" if report.with_snippets else "without snippets"
    console.print(f"{report.model or 'no model'}, {kind}", markup=False, highlight=False)
    console.print(table)
    left = report.total.n - report.total.n_judged
    unjudged = f" · {left} answers could not be executed here" if left else ""
    text = f"median {report.total.median_s} s a request{unjudged}"
    console.print(text, style="dim", markup=False, highlight=False)


def _row(name: str, each: Tally) -> tuple[str, ...]:
    return (
        name,
        str(each.n),
        f"{each.n_before}/{each.n_judged}",
        f"{each.n_after}/{each.n_judged}",
        f"{each.n_valid_before}/{each.n}",
        f"{each.n_valid_after}/{each.n}",
    )

"""How well code is written: every case asked, every draft executed or held against assertions."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot.skills.code.draft import Draft, Solution

from .code_case import CodeCase, Outcome
from .code_check import check_answer

Solve = Callable[[CodeCase], Awaitable[Solution]]
Progress = Callable[[str], None]
Keep = Callable[["CaseRun"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRun:
    """One case with what came of it.

    Attributes:
        before: Whether the first draft did what was asked; None when it could not be executed.
        after: The same for the answer that is shown, after repairs.
        valid_before: Whether the first draft's validator accepted it; `valid_after` likewise.
        source: "snippet", "example" (a snippet was the model's example) or "model".
    """

    name: str
    language: str
    before: bool | None
    after: bool | None
    valid_before: bool
    valid_after: bool
    n_repairs: int
    source: str
    seconds: float
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The figures of some runs.

    Attributes:
        n: Cases.
        n_judged: Cases whose answer could be executed or parsed; only these can pass.
        n_before: Of these, how many passed with the first draft; `n_after` with the shown answer.
        n_valid_before: Of all, how many first drafts were valid; `n_valid_after` of the shown.
        median_s: Seconds a case, the median.
    """

    n: int
    n_judged: int
    n_before: int
    n_after: int
    n_valid_before: int
    n_valid_after: int
    median_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReport:
    """One pass over the cases.

    Attributes:
        by_language: Keys are the languages' values.
        by_source: Keys are "snippet", "example", "model".
    """

    model: str
    with_snippets: bool
    total: Tally
    by_language: dict[str, Tally]
    by_source: dict[str, Tally]
    runs: tuple[CaseRun, ...] = field(repr=False)


async def evaluate(
    cases: Sequence[CodeCase],
    solve: Solve,
    *,
    model: str,
    with_snippets: bool,
    progress: Progress = lambda _: None,
    keep: Keep = lambda _: None,
) -> CodeReport:
    """Ask every case and judge its drafts.

    Args:
        solve: Asks the skill.
        model: What the report calls the model.
        with_snippets: What the report says; `solve` is what it is.
        progress: Told one sentence a case.
        keep: Given every run as soon as it is judged, so that a stopped pass loses nothing.
    """
    runs: list[CaseRun] = []
    for number, case in enumerate(cases, 1):
        began = time.monotonic()
        solution = await solve(case)
        seconds = time.monotonic() - began
        run = await asyncio.to_thread(judge, case, solution, seconds)
        runs.append(run)
        keep(run)
        progress(f"{number}/{len(cases)} {run.name}: {_said(run)}, {seconds:.1f} s")
    return CodeReport(
        model=model,
        with_snippets=with_snippets,
        total=tally(runs),
        by_language=_by(runs, lambda run: run.language),
        by_source=_by(runs, lambda run: run.source),
        runs=tuple(runs),
    )


def judge(case: CodeCase, solution: Solution, seconds: float = 0.0) -> CaseRun:
    """Judge the first draft and the shown one."""
    first, shown = solution.drafts[0], solution.best or solution.drafts[-1]
    wrong_language = solution.task.language is not case.language and not (
        solution.task.language.is_sql and case.language.is_sql
    )
    before = _outcome(case, first, wrong_language=wrong_language)
    after = before if shown is first else _outcome(case, shown, wrong_language=wrong_language)
    examples = "example" if solution.task.examples else "model"
    return CaseRun(
        name=case.name,
        language=case.language.value,
        before=before.passed,
        after=after.passed,
        valid_before=bool(first.code) and first.verdict.is_valid,
        valid_after=bool(shown.code) and shown.verdict.is_valid,
        n_repairs=len(solution.drafts) - 1,
        source="snippet" if solution.snippet is not None else examples,
        seconds=round(seconds, 2),
        reason=after.reason,
        code=shown.code,
    )


def _outcome(case: CodeCase, draft: Draft, *, wrong_language: bool) -> Outcome:
    if wrong_language:
        return Outcome(passed=False, reason="the request was taken for another language")
    if draft.failure and not draft.code:
        return Outcome(passed=False, reason=draft.failure)
    return check_answer(case, draft.code)


def tally(runs: Sequence[CaseRun]) -> Tally:
    """Count some runs."""
    judged = [run for run in runs if run.after is not None]
    return Tally(
        n=len(runs),
        n_judged=len(judged),
        n_before=sum(run.before is True for run in judged),
        n_after=sum(run.after is True for run in judged),
        n_valid_before=sum(run.valid_before for run in runs),
        n_valid_after=sum(run.valid_after for run in runs),
        median_s=round(statistics.median(run.seconds for run in runs), 2) if runs else 0.0,
    )


def _by(runs: Iterable[CaseRun], key: Callable[[CaseRun], str]) -> dict[str, Tally]:
    groups: dict[str, list[CaseRun]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return {name: tally(group) for name, group in sorted(groups.items())}


def _said(run: CaseRun) -> str:
    if run.after is None:
        return run.reason
    repaired = f" after {run.n_repairs} repairs" if run.n_repairs else ""
    return f"right{repaired}" if run.after else f"wrong{repaired}: {run.reason}"

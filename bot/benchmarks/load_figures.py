"""Passes of a load as figures, and two endpoints' figures as ratios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from .figures import median_of, percentile, ratio
from .load_run import LoadRun

_N_REASONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFigures:
    """What one pass took, or the medians of several passes. Failed requests count nowhere.

    Attributes:
        cold_ttft_s: Of the very first request, whose prompt nobody has seen.
        turn2_ttft_p50_s: Of the first follow-ups; None with a single turn.
        tokens_per_s: Output tokens of all requests over `wall_s`.
        n_output: Output tokens in all.
        n_cached_share: Prompt tokens from a prefix cache over all; None when nobody says.
    """

    ttft_p50_s: float | None
    ttft_p95_s: float | None
    turn2_ttft_p50_s: float | None
    cold_ttft_s: float | None
    e2e_p50_s: float | None
    e2e_p95_s: float | None
    wall_s: float | None
    tokens_per_s: float | None
    n_output: float | None
    n_cached_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFigures:
    """One endpoint at one concurrency.

    Attributes:
        medians: Each figure's median over the passes.
        failures: Reasons of failed requests with their numbers, the most frequent ones.
    """

    name: str
    concurrency: int
    n_requests: int
    n_failed: int
    failures: dict[str, int]
    medians: LoadFigures
    passes: tuple[LoadFigures, ...]


def figures_of(run: LoadRun) -> LoadFigures:
    """The figures of one pass."""
    answered = [each for each in run.replies if each.reply.is_answered]
    replies = [each.reply for each in answered]
    ttft = [reply.ttft_s for reply in replies]
    e2e = [reply.e2e_s for reply in replies]
    first = run.replies[0].reply if run.replies else None
    n_output = sum(reply.n_output for reply in replies)
    return LoadFigures(
        ttft_p50_s=percentile(ttft, 0.5),
        ttft_p95_s=percentile(ttft, 0.95),
        turn2_ttft_p50_s=percentile([e.reply.ttft_s for e in answered if e.turn == 1], 0.5),
        cold_ttft_s=first.ttft_s if first is not None and first.is_answered else None,
        e2e_p50_s=percentile(e2e, 0.5),
        e2e_p95_s=percentile(e2e, 0.95),
        wall_s=run.wall_s,
        tokens_per_s=n_output / run.wall_s,
        n_output=n_output,
        n_cached_share=_cached_share(run),
    )


def side_figures(name: str, concurrency: int, runs: Sequence[LoadRun]) -> SideFigures:
    """The figures of all passes over one endpoint."""
    replies = [each.reply for run in runs for each in run.replies]
    failures = Counter(reply.failure for reply in replies if reply.failure)
    passes = tuple(figures_of(run) for run in runs)
    return SideFigures(
        name=name,
        concurrency=concurrency,
        n_requests=len(replies),
        n_failed=failures.total(),
        failures=dict(failures.most_common(_N_REASONS)),
        medians=medians(passes),
        passes=passes,
    )


def medians(passes: Sequence[LoadFigures]) -> LoadFigures:
    """Each figure's median."""
    names = [field.name for field in fields(LoadFigures)]
    return LoadFigures(**{n: median_of([getattr(each, n) for each in passes]) for n in names})


def ratios(ours: SideFigures, theirs: SideFigures) -> dict[str, float | None]:
    """Our medians over theirs, by the name of the figure.

    A side that failed requests did less work, so nothing is compared with it: all are None.
    """
    names = [field.name for field in fields(LoadFigures) if field.name != "n_cached_share"]
    if ours.n_failed or theirs.n_failed:
        return dict.fromkeys(names)
    return {n: ratio(getattr(ours.medians, n), getattr(theirs.medians, n)) for n in names}


def _cached_share(run: LoadRun) -> float | None:
    known = [
        (each.reply.n_cached, each.reply.n_prompt)
        for each in run.replies
        if each.reply.n_cached is not None and each.reply.n_prompt
    ]
    return ratio(sum(cached for cached, _ in known), sum(prompt for _, prompt in known))

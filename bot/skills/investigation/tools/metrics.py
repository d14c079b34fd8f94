"""Asks Prometheus for a service's golden signals and compares them with the time before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..errors import DeclarationError, LookFailedError
from ..golden import GoldenQuery, queries_for
from ..prometheus import Prometheus
from ..robust import Verdict, judge_series
from .base import Asked

_N_POINTS = 120
_MIN_STEP_S = 15.0
_MAX_AT_ONCE = 4


class MetricsTool:
    """Metrics of a Prometheus.

    Args:
        overrides: Query name -> PromQL, for all services.
        own: Service -> query name -> PromQL.
    """

    tool = Tool.METRICS

    def __init__(
        self,
        server: Prometheus,
        *,
        overrides: Mapping[str, str],
        own: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._server = server
        self._overrides = overrides
        self._own = own

    def can_look_at(self, service: str) -> bool:
        """Any service may have metrics."""
        return bool(service)

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`."""
        queries = queries_for(service, self._overrides, self._own)
        gate = asyncio.Semaphore(_MAX_AT_ONCE)

        async def one(query: GoldenQuery) -> Verdict:
            async with gate:
                return await self._verdict(query, service, case)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(query)) for query in queries]
        except* (LookFailedError, DeclarationError) as failed:
            raise LookFailedError(str(_first(failed))) from failed
        told = list(zip(queries, (task.result() for task in tasks), strict=True))
        known = [(query, verdict) for query, verdict in told if verdict.now is not None]
        if not known:
            raise LookFailedError(f"Prometheus has no metrics of {service} by these queries")
        zone = case.window.start.tzinfo or UTC
        clues = [_clue(query, verdict, service, zone) for query, verdict in known]
        kept = tuple(clue for clue in clues if clue is not None)
        note = f"{len(known)} of {len(queries)} golden signals have values"
        return Look(tool=Tool.METRICS, service=service, clues=kept, note=note)

    async def _verdict(self, query: GoldenQuery, service: str, case: CaseFile) -> Verdict:
        start = case.window.baseline_start.timestamp()
        end = case.window.end.timestamp()
        step_s = max(_MIN_STEP_S, round((end - start) / _N_POINTS))
        promql = query.promql(service, f"{max(120, int(step_s * 4))}s")
        points = await self._server.points(promql, start, end, step_s)
        return judge_series(points, case.window.start.timestamp(), query.how)


def _first(failed: BaseExceptionGroup[Exception]) -> BaseException:
    first: BaseException = failed
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return first  # pyright: ignore[reportUnknownVariableType]


def _clue(query: GoldenQuery, verdict: Verdict, service: str, zone: tzinfo) -> Clue | None:
    now, usual, began = verdict.now, verdict.usual, verdict.began_at
    if now is None or usual is None:
        return None
    at = None if began is None else datetime.fromtimestamp(began, UTC)
    stance = Stance.BEGAN if at is not None else Stance.CLEAR
    since = ""
    if at is not None:
        since = f" since {at.astimezone(zone):%H:%M}"
    if verdict.was_beyond:
        stance = Stance.USUAL
    if stance is Stance.CLEAR and not query.signal:
        return None
    return Clue(
        tool=Tool.METRICS,
        service=service,
        stance=stance,
        signal=query.signal,
        weight=query.weight if at is not None else 0.0,
        text=f"{query.title}: {now:.3g}{since}, before {usual:.3g}",
        at=at,
        is_symptom=at is not None and query.is_symptom,
    )

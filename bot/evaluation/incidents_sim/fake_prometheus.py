"""A Prometheus of simulated series, on loopback: query_range and alerts, nothing else."""

from __future__ import annotations

import math
import random
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

from ...skills.investigation.golden import golden_queries
from .incident import Bend, Incident

_WINDOW = re.compile(r"\[\d+s\]")
_LOOPBACK = "127.0.0.1"
_NOISE = 0.04


class FakePrometheus:
    """Answers for one incident; each question has the same answer each time."""

    def __init__(self, incident: Incident, seed: int) -> None:
        self._incident = incident
        self._seed = seed
        self._asked: dict[str, tuple[str, list[str]]] = {}
        for service in incident.services:
            for query in golden_queries():
                text = _WINDOW.sub("[w]", query.promql(service, "1s"))
                self._asked.setdefault(text, (service, []))[1].append(query.name)

    async def range(self, request: web.Request) -> web.Response:
        """`GET /api/v1/query_range`."""
        given = request.query
        found = self._asked.get(_WINDOW.sub("[w]", given["query"]))
        series: list[dict[str, object]] = []
        if found is not None:
            points = self._points(*found, *(float(given[k]) for k in ("start", "end", "step")))
            series = [{"metric": {}, "values": points}]
        return web.json_response(
            {"status": "success", "data": {"resultType": "matrix", "result": series}}
        )

    async def alerts(self, _request: web.Request) -> web.Response:
        """`GET /api/v1/alerts`."""
        found = [
            {
                "labels": {"alertname": each.name, "service": each.service, "severity": "warning"},
                "annotations": {"summary": each.summary},
                "state": "firing",
                "activeAt": each.since.isoformat(),
                "value": "1",
            }
            for each in self._incident.alerts
        ]
        return web.json_response({"status": "success", "data": {"alerts": found}})

    def _points(
        self, service: str, names: list[str], start: float, end: float, step_s: float
    ) -> list[tuple[float, str]]:
        chance = random.Random(f"{self._seed} {service} {names}")  # noqa: S311 - no secret
        usual = self._incident.usual[names[0]]
        bends = (b for b in self._incident.bends if b.service == service and b.query in names)
        bend = next(bends, None)
        n_points = math.floor((end - start) / step_s) + 1
        times = [start + position * step_s for position in range(n_points)]
        return [(at, f"{self._value(at, usual, bend, chance):.6g}") for at in times]

    def _value(self, at: float, usual: float, bend: Bend | None, chance: random.Random) -> float:
        value = usual
        if bend is not None:
            value = bend.usual
            since_s = at - bend.at.timestamp()
            if since_s >= 0:
                ramp_s = bend.ramp.total_seconds()
                share = 1.0 if since_s >= ramp_s else since_s / ramp_s
                value += (bend.value - bend.usual) * share
        return value * (1 + chance.gauss(0, _NOISE)) if value else 0.0


@asynccontextmanager
async def serving(incident: Incident, seed: int) -> AsyncGenerator[str]:
    """Serve an incident's metrics; gives the base URL."""
    fake = FakePrometheus(incident, seed)
    app = web.Application()
    app.add_routes(
        [web.get("/api/v1/query_range", fake.range), web.get("/api/v1/alerts", fake.alerts)]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, _LOOPBACK, 0)
        await site.start()
        yield f"http://{_LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()

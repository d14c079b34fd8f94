"""Health and metrics over HTTP."""

from __future__ import annotations

import httpx
from prometheus_client import CollectorRegistry, Counter

from bot.http import HealthServer


async def test_the_metrics_of_another_process_stand_behind_this_ones() -> None:
    registry = CollectorRegistry()
    Counter("here", "counted here", registry=registry).inc()

    async def elsewhere() -> bytes:
        return b"there_total 2.0\n"

    server = HealthServer(
        "127.0.0.1", 0, registry, lambda: {"status": "ok"}, more_metrics=elsewhere
    )
    await server.start()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(f"http://127.0.0.1:{server.port}/metrics")).text
    finally:
        await server.stop()
    assert "here_total 1.0\n" in text
    assert text.endswith("there_total 2.0\n")

"""Health and metrics over HTTP, on loopback unless settings say otherwise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

Health = Callable[[], Mapping[str, str]]
MoreMetrics = Callable[[], Awaitable[bytes]]


class PortInUseError(Exception):
    """The port is taken; the message says which setting changes it."""


class HealthServer:
    """`GET /health` answers JSON, `GET /metrics` Prometheus text."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        health: Health,
        *,
        more_metrics: MoreMetrics | None = None,
    ) -> None:
        """Serve on host and port; port 0 takes any free one.

        Args:
            registry: This process's metrics.
            more_metrics: Those of another process, appended.
        """
        self._host = host
        self._port = port
        self._registry = registry
        self._health = health
        self._more_metrics = more_metrics
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            PortInUseError: Somebody else listens there.
        """
        app = web.Application()
        app.add_routes([web.get("/health", self._answer_health), web.get("/metrics", self._scrape)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as exc:
            await self.stop()
            raise PortInUseError(
                f"cannot listen on {self._host}:{self._port} ({exc.strerror or exc}); "
                "set OPSBOT_PORT to a free port, or 0 for any"
            ) from exc

    @property
    def port(self) -> int:
        """Where it listens; 0 before `start`."""
        addresses = self._runner.addresses if self._runner is not None else []
        return int(addresses[0][1]) if addresses else 0

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _answer_health(self, _request: web.Request) -> web.Response:
        facts = dict(self._health())
        return web.json_response(facts, status=200 if facts.get("status") == "ok" else 503)

    async def _scrape(self, _request: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        if self._more_metrics is not None:
            body += await self._more_metrics()
        return web.Response(body=body, content_type="text/plain", charset="utf-8")

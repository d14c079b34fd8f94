"""The checkout service: HTTP in front of the orders database.

Run as `python -m bot.demo.checkout --home DIR --orders-port PORT`. `GET /health` is 503 while no
connection to orders can be had; `GET /metrics` is Prometheus text.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from .errors import DemoError, OrdersConnectionError, PoolExhaustedError
from .places import LOOPBACK, Places
from .pool import ConnectionPool
from .process import announce, open_log, run_until_parent_ends
from .protocol import OrdersConnection

_SKUS = ("bag-17", "cap-03", "mug-21", "pen-08", "tee-44")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Metrics:
    """What `/metrics` shows."""

    def __init__(self, pool: ConnectionPool) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests_total",
            "HTTP requests answered.",
            ("service", "route", "code"),
            registry=self.registry,
        )
        self.durations = Histogram(
            "http_request_duration_seconds",
            "Time to answer an HTTP request.",
            ("service", "route"),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
            registry=self.registry,
        )
        size = Gauge("db_pool_max_connections", "Pool limit.", ("service",), registry=self.registry)
        size.labels("checkout").set(pool.n_max)
        states = Gauge(
            "db_pool_connections", "Pool now.", ("service", "state"), registry=self.registry
        )
        states.labels("checkout", "in_use").set_function(lambda: pool.n_borrowed)
        states.labels("checkout", "idle").set_function(lambda: pool.n_idle)
        waiting = Gauge(
            "db_pool_waiting_requests", "Waiting.", ("service",), registry=self.registry
        )
        waiting.labels("checkout").set_function(lambda: pool.n_waiting)
        self.pool_timeouts = Counter(
            "db_pool_wait_timeouts_total",
            "Requests that got no connection in time.",
            ("service",),
            registry=self.registry,
        )


class Checkout:
    """The service's handlers."""

    def __init__(self, places: Places, orders_port: int) -> None:
        self._log = open_log(places, "checkout")
        self._pool = ConnectionPool(
            lambda: OrdersConnection.open(orders_port, "checkout"), self._log
        )
        self._metrics = Metrics(self._pool)

    async def close(self) -> None:
        """Close the connections to orders."""
        await self._pool.close()

    def application(self) -> web.Application:
        """The routes, each counted, timed and logged."""
        application = web.Application(middlewares=[self._account])
        application.router.add_get("/health", self._health)
        application.router.add_get("/metrics", self._show_metrics)
        application.router.add_post("/checkout", self._checkout)
        return application

    @web.middleware
    async def _account(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        request_id = uuid.uuid4().hex[:8]
        started = time.monotonic()
        try:
            response = await handler(request)
        except (PoolExhaustedError, OrdersConnectionError) as exc:
            self._log.error("[req-%s] %s", request_id, exc)
            if isinstance(exc, PoolExhaustedError):
                self._metrics.pool_timeouts.labels("checkout").inc()
            response = web.json_response({"error": str(exc), "request_id": request_id}, status=503)
        except web.HTTPException as exc:
            response = web.json_response({"error": exc.reason}, status=exc.status)
        took_s = time.monotonic() - started
        # NOTE: only known routes become a label, or anybody could create metrics without end.
        resource = request.match_info.route.resource
        route = "other" if resource is None else resource.canonical
        self._metrics.requests.labels("checkout", route, str(response.status)).inc()
        self._metrics.durations.labels("checkout", route).observe(took_s)
        self._log.info(
            "[req-%s] %s %s %d %.0f ms",
            request_id,
            request.method,
            route,
            response.status,
            took_s * 1000,
        )
        return response

    async def _health(self, request: web.Request) -> web.Response:
        try:
            await self._pool.ping()
        except DemoError as exc:
            self._log.warning("health check failed: %s", exc)
            return web.json_response({"status": "unhealthy", "reason": str(exc)}, status=503)
        return web.json_response({"status": "healthy"})

    async def _show_metrics(self, request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._metrics.registry),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def _checkout(self, request: web.Request) -> web.Response:
        quantity = request.query.get("quantity", "1")
        if not quantity.isdigit() or not 1 <= int(quantity) <= 9:
            raise web.HTTPBadRequest(reason="quantity must be 1 to 9")
        async with self._pool.borrow() as connection:
            await connection.query("BEGIN")
            # S311: which article is bought is no secret.
            await connection.query(f"RESERVE {random.choice(_SKUS)} {quantity}")  # noqa: S311
            await connection.query("COMMIT")
        return web.json_response({"status": "ordered"})


async def _serve(places: Places, orders_port: int) -> None:
    checkout = Checkout(places, orders_port)
    runner = web.AppRunner(checkout.application(), access_log=None, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    announce(places, "checkout", runner.addresses[0][1])
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await checkout.close()


def main() -> None:
    """Serve until the parent ends."""
    parser = argparse.ArgumentParser(prog="checkout")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--orders-port", type=int, required=True)
    arguments = parser.parse_args()
    disable_created_metrics()
    places = Places(arguments.home)
    run_until_parent_ends(lambda: _serve(places, arguments.orders_port))


if __name__ == "__main__":
    main()

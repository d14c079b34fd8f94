"""Customers of the demo: a steady stream of requests to checkout.

Run as `python -m bot.demo.traffic --home DIR --checkout-url URL --per-second N`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from contextlib import suppress
from pathlib import Path

import aiohttp

from .places import Places
from .process import announce, run_until_parent_ends

_HEALTH_EVERY_S = 1.0
_BAD_SHARE = 0.02
_MAX_IN_FLIGHT = 24


class Customers:
    """Sends requests at random moments, `per_second` on average."""

    def __init__(self, session: aiohttp.ClientSession, url: str, per_second: float) -> None:
        self._session = session
        self._url = url
        self._per_second = per_second
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send for ever."""
        health = asyncio.create_task(self._watch_health())
        try:
            while True:
                # S311: arrival times are no secret.
                await asyncio.sleep(random.expovariate(self._per_second))
                if len(self._in_flight) < _MAX_IN_FLIGHT:
                    task = asyncio.create_task(self._buy())
                    self._in_flight.add(task)
                    task.add_done_callback(self._in_flight.discard)
        finally:
            health.cancel()

    async def _buy(self) -> None:
        bad = random.random() < _BAD_SHARE  # noqa: S311
        quantity = 0 if bad else random.randint(1, 3)  # noqa: S311
        with suppress(aiohttp.ClientError, TimeoutError):
            url = f"{self._url}/checkout?quantity={quantity}"
            async with self._session.post(url) as response:
                await response.read()

    async def _watch_health(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with self._session.get(f"{self._url}/health") as response:
                    await response.read()
            await asyncio.sleep(_HEALTH_EVERY_S)


async def _serve(places: Places, url: str, per_second: float) -> None:
    timeout = aiohttp.ClientTimeout(total=5.0)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        announce(places, "traffic", None)
        await Customers(session, url, per_second).run()


def main() -> None:
    """Send requests until the parent ends."""
    parser = argparse.ArgumentParser(prog="traffic")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--checkout-url", required=True)
    parser.add_argument("--per-second", type=float, required=True)
    arguments = parser.parse_args()
    places = Places(arguments.home)
    run_until_parent_ends(lambda: _serve(places, arguments.checkout_url, arguments.per_second))


if __name__ == "__main__":
    main()

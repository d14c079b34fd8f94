"""Starts the demo's processes, watches them, and ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from .child import Child
from .errors import DemoError
from .places import LOOPBACK, SERVICES, Places

_READY_WITHIN_S = 20.0


class Incident:
    """A shop that works for a while and then really fails.

    Args:
        home: The data directory; logs go to `home/demo/logs`.
        healthy_s: How long everything works before the failure begins, in seconds.
        per_second: Customers' requests a second.
    """

    def __init__(self, home: Path, healthy_s: float = 8.0, per_second: float = 12.0) -> None:
        self._places = Places(home.absolute())
        self._healthy_s = healthy_s
        self._per_second = per_second
        self._children: list[Child] = []
        self._lock = FileLock(self._places.run / "lock", timeout=0)

    @property
    def log_sources(self) -> dict[str, tuple[str, ...]]:
        """Service name -> its log file, in the form of the `logs.sources` setting."""
        return {name: (str(self._places.log_file(name)),) for name in SERVICES}

    @property
    def variables(self) -> dict[str, str]:
        """What the demo's runbooks refer to as `{{ vars.name }}`; complete once started."""
        return {"home": str(self._places.home), "checkout_url": self.checkout_url}

    @property
    def checkout_url(self) -> str:
        """Base URL of checkout; empty before it listens."""
        ports = [child.port for child in self._children if child.name == "checkout"]
        return f"http://{LOOPBACK}:{ports[0]}" if ports and ports[0] is not None else ""

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by name."""
        return {child.name: child.pid for child in self._children}

    async def start(self) -> None:
        """Start all processes and wait until they listen.

        Raises:
            DemoError: One of them does not start, or another demo uses this data directory.
                Nothing is left running.
        """
        self._places.create()
        self._acquire_lock()
        try:
            await self._start_children()
        except BaseException:
            await self.stop()
            raise

    def _acquire_lock(self) -> None:
        try:
            self._lock.acquire()
        except Timeout as exc:
            raise DemoError(
                f"another demo is running under {self._places.home}: "
                "end it, or set OPSBOT_HOME to another folder"
            ) from exc

    async def _start_children(self) -> None:
        home = ("--home", str(self._places.home))
        orders = await self._start_child("orders", *home)
        to_orders = ("--orders-port", str(orders.port))
        # Both need only orders, so they start side by side.
        checkout, _ = await asyncio.gather(
            self._start_child("checkout", *home, *to_orders),
            self._start_child("reports", *home, *to_orders, "--healthy-s", str(self._healthy_s)),
        )
        url = f"http://{LOOPBACK}:{checkout.port}"
        await self._start_child(
            "traffic", *home, "--checkout-url", url, "--per-second", str(self._per_second)
        )

    async def _start_child(self, name: str, *arguments: str) -> Child:
        child = await Child.start(name, arguments, self._places.error_file(name))
        self._children.append(child)
        await child.wait_ready(_READY_WITHIN_S)
        return child

    async def wait_for_death(self) -> str:
        """Wait until any process ends by itself; returns a sentence that names it."""
        waits = {asyncio.create_task(child.wait()): child for child in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        child = waits[done.pop()]
        return f"the demo process {child.name} ended: {child.last_error()}"

    async def stop(self) -> None:
        """End every process that was started here; harmless when none is left."""
        await asyncio.gather(*(child.stop() for child in reversed(self._children)))
        self._children.clear()
        for name in SERVICES:
            self._places.port_file(name).unlink(missing_ok=True)
        self._lock.release()

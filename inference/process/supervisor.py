"""Starts the engine's process, watches it, and starts it again when it dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ..service import EngineState
from .child import Child
from .metrics import SupervisorMetrics
from .restart_policy import RestartPolicy
from .socket_client import HEALTH_TIMEOUT_S, ask_health, open_connection
from .socket_folder import make_socket_path, remove_socket
from .status import Link, StatusBoard
from .watchdog import Watchdog

_POLL_S = 0.5
_POLL_LOADING_S = 0.05
_STOPPED = "the engine is stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildCommand:
    """How to start an engine that serves on a socket.

    Attributes:
        argv: Program and arguments; "{socket}" in an argument stands for the socket's path.
        first_line: Written to its standard input, for what must not be seen in a process list.
        environment: All of it; None: this process's.
    """

    argv: Sequence[str]
    first_line: bytes = field(default=b"", repr=False)
    environment: Mapping[str, str] | None = field(default=None, repr=False)

    def for_socket(self, socket: Path) -> tuple[str, ...]:
        """The command with the socket's path filled in."""
        return tuple(part.replace("{socket}", str(socket)) for part in self.argv)


class Supervisor:
    """Keeps one engine process running. Belongs to one event loop.

    Args:
        command: Starts it.
        watchdog: When to kill it.
        restarts: When to start it again.
        metrics: Counts its ends.
        grace_s: Time it has to end when it is asked to, in seconds.
    """

    def __init__(
        self,
        command: ChildCommand,
        *,
        watchdog: Watchdog,
        restarts: RestartPolicy,
        metrics: SupervisorMetrics,
        grace_s: float = 8.0,
    ) -> None:
        self.board = StatusBoard()
        self._command = command
        self._watchdog = watchdog
        self._restarts = restarts
        self._metrics = metrics
        self._grace_s = grace_s
        self._socket: Path | None = None
        self._task: asyncio.Task[None] | None = None
        self._child: Child | None = None
        self._n_runs = 0
        self._died_mono: float | None = None

    @property
    def socket(self) -> Path | None:
        """Where it serves; the same over restarts, None before `start`."""
        return self._socket

    @property
    def pid(self) -> int | None:
        """The running process; None when there is none."""
        return self._child.pid if self._child is not None else None

    async def start(self) -> None:
        """Start the process and return at once.

        Raises:
            RuntimeError: It was started before.
        """
        if self._task is not None:
            raise RuntimeError("a supervisor is started once")
        self._socket = make_socket_path()
        self._task = asyncio.create_task(self._supervise(self._socket))
        self._task.add_done_callback(self._supervision_over)

    async def stop(self) -> None:
        """Let the process end by itself if it can, else kill it. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self.board.over(EngineState.STOPPED, _STOPPED)
        if self._socket is not None:
            remove_socket(self._socket)

    async def _supervise(self, socket: Path) -> None:
        crashes: tuple[float, ...] = ()
        while True:
            reason = await self._run_once(socket)
            self._died_mono = now = time.monotonic()
            crashes = self._restarts.recent((*crashes, now), now)
            delay_s = self._restarts.delay_s(crashes, now)
            structlog.get_logger().error(
                "engine_process_ended", reason=reason, n_crashes=len(crashes), restart_in_s=delay_s
            )
            if delay_s is None:
                reason = f"the engine's process ended {len(crashes)} times; the last time {reason}"
                self.board.over(EngineState.FAILED, reason)
                return
            await asyncio.sleep(delay_s)

    async def _run_once(self, socket: Path) -> str:
        """Run the process once; why it ended, in words."""
        self._n_runs += 1
        argv = self._command.for_socket(socket)
        try:
            child = await Child.start(
                argv,
                first_line=self._command.first_line,
                environment=self._command.environment,
            )
        except OSError as exc:
            return f"{argv[0]} could not be started: {exc.strerror or exc}"
        self._child = child
        grace_s = self._grace_s  # when this is cancelled, it may end in peace
        try:
            async with open_connection(socket) as connection:
                link = Link(self._n_runs, connection)
                try:
                    reason, was_killed = await self._until_it_ends(child, link)
                finally:
                    link.gone.set()
                    self.board.lost()
                    self._metrics.set_up(is_up=False)
            grace_s = 0.0
            self._metrics.ended(was_killed=was_killed)
            return reason
        finally:
            await child.end(grace_s)
            self._child = None

    async def _until_it_ends(self, child: Child, link: Link) -> tuple[str, bool]:
        """Wait until it dies or must be killed: why, and which of the two."""
        watching = asyncio.create_task(self._watch(link))
        exiting = asyncio.create_task(child.wait())
        try:
            await asyncio.wait({watching, exiting}, return_when=asyncio.FIRST_COMPLETED)
            if exiting.done():
                return exiting.result(), False
            return watching.result(), True
        finally:
            watching.cancel()
            exiting.cancel()
            await asyncio.wait({watching, exiting})

    async def _watch(self, link: Link) -> str:
        """Ask for its health until that says that it must be killed; why."""
        heard_mono, has_answered, was_ready = time.monotonic(), False, False
        timeout_s = min(HEALTH_TIMEOUT_S, self._watchdog.silence_s)
        while True:
            health = await ask_health(link.connection, timeout_s=timeout_s)
            now = time.monotonic()
            if health is not None:
                heard_mono, has_answered = now, True
                self.board.heard(health, link)
                self._count_ready(health.state)
                was_ready |= health.state is EngineState.READY
            verdict = self._watchdog.verdict(
                has_answered=has_answered,
                silent_s=now - heard_mono,
                step_s=health.step_s if health is not None else 0.0,
                has_lost_model=was_ready
                and health is not None
                and health.state is EngineState.FAILED,
            )
            if verdict:
                return verdict
            is_settled = health is not None and health.state is not EngineState.LOADING
            await asyncio.sleep(_POLL_S if is_settled else _POLL_LOADING_S)

    def _count_ready(self, state: EngineState) -> None:
        self._metrics.set_up(is_up=True)
        if state is EngineState.READY and self._died_mono is not None:
            seconds, self._died_mono = time.monotonic() - self._died_mono, None
            self._metrics.ready_again(seconds)
            structlog.get_logger().info("engine_process_back", seconds=round(seconds, 2))

    def _supervision_over(self, task: asyncio.Task[None]) -> None:
        """A mistake in here must not leave requests waiting for ever."""
        if not task.cancelled() and task.exception() is not None:
            structlog.get_logger().error("supervision_failed", exc_info=task.exception())
            self.board.over(EngineState.FAILED, "the engine's process is no longer watched")

"""Run one program: argv without a shell, a clean environment, limits, its own process group."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .base import ActionContext, ActionEvent, ActionResult, Line
from .intake import OutputIntake
from .kinds import Action, CommandAction
from .sandbox import Sandbox, find_sandbox

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BASE_ENVIRONMENT_NAMES = ("HOME", "LANG", "PATH", "TMPDIR")
_LAUNCHER = Path(__file__).with_name("launcher.py")
_DRAIN_S = 0.5
_MAX_READ_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLimits:
    """What one program may use, beside its wall time.

    Attributes:
        cpu_s: Processor seconds of one process; None: as long as its wall time allows.
        memory_bytes: Address space of one process; None: no limit.
        grace_s: Between asking the group to end and killing it.
    """

    cpu_s: int | None = None
    memory_bytes: int | None = 8 * 1024**3
    grace_s: float = 2.0


class CommandRunner:
    """Runs command actions."""

    def __init__(
        self,
        limits: CommandLimits | None = None,
        sandbox: Callable[[], Sandbox] = find_sandbox,
    ) -> None:
        self._limits = limits or CommandLimits()
        self._sandbox = sandbox

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; needs the program's absolute path in the context."""
        if not isinstance(action, CommandAction):
            raise TypeError(f"not a command: {type(action).__name__}")
        executable = context.executables.get(action.argv[0])
        if executable is None or not Path(executable).is_absolute():
            yield _failure(f"{action.argv[0]} has no absolute path in the approved record")
            return
        with tempfile.TemporaryDirectory(prefix="opsbot-run-", ignore_cleanup_errors=True) as home:
            started = _Run(
                action=action,
                executable=executable,
                home=home,
                limits=self._limits,
                sandbox=await self._sandbox_for(context, executable),
            )
            async with contextlib.aclosing(started.events()) as events:
                async for event in events:
                    yield event

    async def _sandbox_for(self, context: ActionContext, executable: str) -> Sandbox | None:
        found = await asyncio.to_thread(self._sandbox) if context.read_only else None
        return found if found is not None and found.can_hold(executable) else None


def clean_environment(declared: Mapping[str, str], home: str) -> dict[str, str]:
    """What a program sees: nothing of ours but a system PATH, a language and a folder."""
    base = {"HOME": home, "LANG": "C.UTF-8", "PATH": SYSTEM_PATH, "TMPDIR": home}
    return {**base, **declared, "PATH": SYSTEM_PATH}


def _failure(detail: str) -> ActionResult:
    return ActionResult(ok=False, exit_status=None, seconds=0.0, output="", detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pipe:
    """The end of a pipe that we read."""

    stream: asyncio.StreamReader
    transport: asyncio.ReadTransport

    @classmethod
    async def open(cls) -> tuple[_Pipe, int]:
        """Make a pipe; the other end is a descriptor that the caller closes."""
        read_end, write_end = os.pipe()
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb", buffering=0)
        )
        return cls(stream=stream, transport=transport), write_end


@dataclass(slots=True, kw_only=True)
class _Run:
    """One program from start to end; the pump reads it even when nobody takes the events."""

    action: CommandAction
    executable: str
    home: str
    limits: CommandLimits
    sandbox: Sandbox | None = None
    _lines: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue[str | None]())
    _intake: OutputIntake = field(default_factory=OutputIntake)
    _timed_out: bool = False

    async def events(self) -> AsyncGenerator[ActionEvent, None]:
        began = time.monotonic()
        try:
            process, pipe = await self._start()
        except OSError as exc:
            yield _failure(f"{self.executable} cannot be started: {exc.strerror}")
            return
        pump = asyncio.create_task(self._pump(process, pipe))
        try:
            while (line := await self._lines.get()) is not None:
                yield Line(text=line)
            await pump
        finally:
            if not pump.done():
                pump.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await pump
        yield self._result(process.returncode, time.monotonic() - began)

    async def _start(self) -> tuple[asyncio.subprocess.Process, _Pipe]:
        # NOTE: a pipe of our own: asyncio's `wait` would wait for everybody who holds its pipe.
        pipe, write_end = await _Pipe.open()
        # NOTE: the path also as argv[0], so that a program finds itself without PATH.
        words = (self.executable, *self.action.argv[1:])
        if self.sandbox is not None:
            words = self.sandbox.wrap(words, self.home)
        cpu_s = self.limits.cpu_s or math.ceil(self.action.timeout_s) + 1
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(_LAUNCHER),
                str(cpu_s),
                str(self.limits.memory_bytes or 0),
                words[0],
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                env=clean_environment(self.action.env, self.home),
                cwd=self.action.cwd or self.home,
                start_new_session=True,
            )
        except (OSError, asyncio.CancelledError):
            pipe.transport.close()
            raise
        finally:
            os.close(write_end)
        return process, pipe

    async def _pump(self, process: asyncio.subprocess.Process, pipe: _Pipe) -> None:
        reader = asyncio.create_task(self._read(pipe.stream))
        try:
            async with asyncio.timeout(self.action.timeout_s):
                await process.wait()
            # NOTE: a grandchild may hold the pipe open for ever; the program itself is over.
            await asyncio.wait({reader}, timeout=_DRAIN_S)
        except TimeoutError:
            self._timed_out = True
        finally:
            await asyncio.shield(asyncio.ensure_future(self._end(process, pipe, reader)))

    async def _end(
        self, process: asyncio.subprocess.Process, pipe: _Pipe, reader: asyncio.Task[None]
    ) -> None:
        await _end_group(process, self.limits.grace_s)
        await asyncio.wait({reader}, timeout=_DRAIN_S)
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader
        pipe.transport.close()
        self._lines.put_nowait(None)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        try:
            while chunk := await stream.read(_MAX_READ_BYTES):
                self._show(self._intake.feed(chunk))
        finally:
            self._show(self._intake.end())

    def _show(self, lines: list[str]) -> None:
        for line in lines:
            self._lines.put_nowait(line)

    def _result(self, exit_status: int | None, seconds: float) -> ActionResult:
        detail = _ending(exit_status)
        if self._timed_out:
            exit_status, detail = None, f"timed out after {self.action.timeout_s:g} s, killed"
        if self.sandbox is not None:
            detail += ", sandboxed"
        return ActionResult(
            ok=exit_status == 0,
            exit_status=exit_status,
            seconds=seconds,
            output=self._intake.text,
            detail=detail,
        )


def _ending(exit_status: int | None) -> str:
    if exit_status is not None and exit_status < 0:
        return f"killed by {signal.Signals(-exit_status).name}"
    return f"exit {exit_status}"


async def _end_group(process: asyncio.subprocess.Process, grace_s: float) -> None:
    """Leave nothing of the group behind, nor of what left the group: ask, wait, kill."""
    strays = _descendants(process.pid) if process.returncode is None else ()
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), timeout=grace_s)
    _signal_group(process.pid, signal.SIGKILL)
    for stray in strays:
        with contextlib.suppress(psutil.Error):  # knows a process from a later one of the same id
            stray.kill()
    await process.wait()


def _descendants(process_id: int) -> tuple[psutil.Process, ...]:
    """Some programs (Ansible's workers) make sessions of their own, which no group signal reaches."""
    try:
        return tuple(psutil.Process(process_id).children(recursive=True))
    except psutil.Error:
        return ()


def _signal_group(group_id: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group_id, which)

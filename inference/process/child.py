"""One run of the engine's process: started, heard, ended with its whole group."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from .output import LogForwarder


class Child:
    """A process that ends when its standard input closes. Made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._log = LogForwarder(process.pid)
        self._forwarding = asyncio.create_task(self._forward())
        self._exit = asyncio.create_task(process.wait())

    @classmethod
    async def start(
        cls, command: Sequence[str], *, first_line: bytes, environment: Mapping[str, str] | None
    ) -> Child:
        """Start a command in a session of its own.

        Args:
            command: Program and arguments.
            first_line: Written to its standard input, which then stays open; empty: nothing is.
            environment: All of it; None: this process's.

        Raises:
            OSError: The program cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
        child = cls(process)
        if process.stdin is not None and first_line:
            with suppress(ConnectionError):  # it died at once: `wait` tells
                process.stdin.write(first_line.rstrip(b"\n") + b"\n")
                await process.stdin.drain()
        return child

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self._process.pid

    async def wait(self) -> str:
        """Wait until it has ended; how it did, in words. May be cancelled and called again."""
        code = await asyncio.shield(self._exit)
        await asyncio.wait({self._forwarding}, timeout=1.0)
        last = f"; its last words: {self._log.last_words}" if self._log.last_words else ""
        return _how(code) + last

    async def end(self, grace_s: float) -> None:
        """Close its input, wait, and kill its group when it does not end in `grace_s` seconds."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if grace_s > 0:
            await asyncio.wait({self._exit}, timeout=grace_s)
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        await asyncio.shield(self._exit)
        _, late = await asyncio.wait({self._forwarding}, timeout=1.0)
        for task in late:  # a grandchild may hold the pipe open
            task.cancel()

    async def _forward(self) -> None:
        if self._process.stdout is not None:
            while piece := await self._process.stdout.read(16_384):
                self._log.feed(piece)
        self._log.close()


def _how(code: int) -> str:
    if code >= 0:
        return f"it ended with status {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    hint = " (the machine may have run out of memory)" if -code == signal.SIGKILL else ""
    return f"it was ended by {name}{hint}"

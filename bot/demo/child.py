"""One child process: started, awaited until it is ready, ended with its whole group."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .errors import ProcessDiedError

_GRACE_S = 3.0
_PROJECT = Path(__file__).resolve().parents[2]


class Child:
    """A running `python -m <module>` that ends when its standard input closes.

    Attributes:
        name: The process's name, for example "checkout".
        port: Where it listens, or None when it does not.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, error_file: Path) -> None:
        self.name = name
        self.port: int | None = None
        self._process = process
        self._error_file = error_file

    @classmethod
    async def start(cls, name: str, arguments: Sequence[str], error_file: Path) -> Child:
        """Start `bot.demo.<name>`; the caller awaits `wait_ready`."""
        # The child gets the descriptor; this copy is closed once it has started.
        descriptor = os.open(error_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                f"{__package__}.{name}",
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=descriptor,
                cwd=_PROJECT,  # makes `-m` find the package without an installation
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        return cls(name, process, error_file)

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.returncode

    async def wait_ready(self, deadline_s: float) -> None:
        """Wait until the process says that it listens.

        Raises:
            ProcessDiedError: It ended, or said nothing within `deadline_s` seconds.
        """
        if self._process.stdout is None:
            raise ProcessDiedError(self.name, "its output is not connected")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), deadline_s)
        except TimeoutError as exc:
            raise ProcessDiedError(self.name, f"not ready within {deadline_s:.0f} s") from exc
        if not line:
            raise ProcessDiedError(self.name, self.last_error())
        self.port = json.loads(line)["port"]

    def last_error(self) -> str:
        """The last line it wrote to standard error, or its exit status."""
        text = self._error_file.read_text(encoding="utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else f"exit status {self.returncode}"

    async def wait(self) -> int:
        """Wait until the process has ended; returns its exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask the process to end by closing its input; kill its group if it does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self._process.wait()

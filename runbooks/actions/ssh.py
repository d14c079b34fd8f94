"""Run one program on another machine, over SSH with pinned host keys.

Nothing of the user's own SSH configuration takes part: no known_hosts, no config file, no
forwarding, no password.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncssh

from ..errors import ProposalError
from ..targets import SshTarget, Targets
from .base import ActionContext, ActionEvent
from .kinds import Action, SshAction
from .output import safe_text
from .pump import Emitter, Ending, failed, pumped

_CONNECT_S = 10.0
_GRACE_S = 2.0
_CLOSE_S = 1.0
_CHUNK_BYTES = 65536

_Process: TypeAlias = asyncssh.SSHClientProcess[bytes]


class SshRunner:
    """Runs SSH actions.

    Args:
        grace_s: Between asking the remote program to end and killing it.
    """

    def __init__(self, targets: Targets, *, grace_s: float = _GRACE_S) -> None:
        self._targets = targets
        self._grace_s = grace_s

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; the remote program is ended when the generator is closed."""
        if not isinstance(action, SshAction):
            raise TypeError(f"not for SSH: {type(action).__name__}")
        try:
            target = self._targets.get(action.target, SshTarget)
            session = _Session(
                target=target,
                options=connect_options(target),
                argv=action.argv,
                grace_s=self._grace_s,
            )
        except ProposalError as exc:
            yield failed(str(exc))
            return
        async with contextlib.aclosing(pumped(session.work, action.timeout_s)) as events:
            async for event in events:
                yield event


def connect_options(target: SshTarget) -> dict[str, Any]:
    """What asyncssh is given for a target.

    Raises:
        ProposalError: A host key cannot be read, or there is none.
    """
    if not target.host_keys:
        raise ProposalError(f"no host key is pinned for {target.host}: nothing is sent to it")
    try:
        keys = [asyncssh.import_public_key(text) for text in target.host_keys]
    except asyncssh.KeyImportError as exc:
        raise ProposalError(f"a pinned host key of {target.host} cannot be read") from exc
    own: dict[str, Any] = {}
    if target.key_file is not None:
        own = {"client_keys": [str(target.key_file)], "agent_path": None}
    return {
        **own,
        "host": target.host,
        "port": target.port,
        "username": target.user,
        "known_hosts": (keys, [], []),
        "config": None,
        "preferred_auth": ("publickey",),
        "password": None,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "connect_timeout": _CONNECT_S,
        "login_timeout": _CONNECT_S,
        "keepalive_interval": 15,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    target: SshTarget
    options: dict[str, Any]
    argv: tuple[str, ...]
    grace_s: float

    async def work(self, emitter: Emitter) -> Ending:
        try:
            async with asyncssh.connect(**self.options) as connection:
                return await self._run(connection, emitter)
        except asyncssh.HostKeyNotVerifiable:
            return Ending(
                ok=False,
                detail=f"{self._where} showed another host key than the pinned: nothing was sent",
            )
        except asyncssh.PermissionDenied:
            return Ending(ok=False, detail=f"{self._where} does not let {self.target.user} in")
        except (OSError, asyncssh.Error, ValueError) as exc:
            fault = safe_text(str(exc)) or type(exc).__name__
            return Ending(ok=False, detail=f"{self._where} cannot be reached: {fault}")

    @property
    def _where(self) -> str:
        return f"{self.target.host}:{self.target.port}"

    async def _run(self, connection: asyncssh.SSHClientConnection, emitter: Emitter) -> Ending:
        # NOTE: SSH knows no argv: the other side's shell reads a line, so each word is quoted. It
        # tells its process id, for not every server passes signals on, and becomes the program:
        # `exec` knows neither aliases nor functions.
        process: _Process = await connection.create_process(
            f"echo $$; exec {shlex.join(self.argv)}",
            stdin=asyncssh.DEVNULL,
            stderr=asyncssh.STDOUT,
            encoding=None,
            term_type=None,
            env={},
        )
        remote = _Remote(connection=connection, process=process, grace_s=self.grace_s)
        try:
            emitter.feed(await remote.read_id())
            while chunk := await process.stdout.read(_CHUNK_BYTES):
                emitter.feed(chunk)
            await process.wait_closed()
        except asyncio.CancelledError:
            emitter.aftermath = await asyncio.shield(remote.end())
            raise
        return _ending(process)


@dataclass(slots=True, kw_only=True)
class _Remote:
    """A program on the other side.

    Attributes:
        process_id: Of the program, which leads its process group; empty when it was not told.
    """

    connection: asyncssh.SSHClientConnection
    process: _Process
    grace_s: float
    process_id: str = ""

    async def read_id(self) -> bytes:
        """Read the first line; gives it back when it is no process id."""
        try:
            line = await self.process.stdout.readuntil(b"\n")
        except asyncio.IncompleteReadError as exc:
            return exc.partial
        word = line.decode("ascii", errors="replace").strip()
        if not word.isdecimal():
            return line
        self.process_id = word
        return b""

    async def end(self) -> str:
        """Ask the program to end, then kill it; says what is known of it afterwards."""
        for signal in ("TERM", "KILL"):
            if await self._ended_by(signal):
                return ", ended on the other side"
        self.process.close()
        with contextlib.suppress(TimeoutError, asyncssh.Error):
            await asyncio.wait_for(self.process.wait_closed(), _CLOSE_S)
        return ", and it is not known whether it ended on the other side"

    async def _ended_by(self, signal: str) -> bool:
        with contextlib.suppress(OSError, asyncssh.Error):
            self.process.send_signal(signal)
        try:
            async with asyncio.timeout(self.grace_s):
                if self.process_id:
                    kill = f"kill -s {signal} -- -{self.process_id}"
                    await self.connection.run(kill, stdin=asyncssh.DEVNULL)
                await _drained(self.process)
        except (TimeoutError, OSError, asyncssh.Error):
            return False
        return True


async def _drained(process: _Process) -> None:
    """Read what is left, for the channel closes only after its output was taken."""
    while await process.stdout.read(_CHUNK_BYTES):
        pass
    await process.wait_closed()


def _ending(process: _Process) -> Ending:
    if process.exit_signal is not None:
        return Ending(ok=False, detail=f"killed by SIG{process.exit_signal[0]}")
    status = process.exit_status
    if status is None:
        return Ending(ok=False, detail="the connection ended before the program did")
    return Ending(ok=status == 0, exit_status=status, detail=f"exit {status}")

"""The engine of another bot that runs on this machine, borrowed."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

from ..service import EngineState
from .errors import AttachError
from .health import Health
from .socket_client import ask_health, open_connection
from .socket_folder import check_is_ours
from .status import Link, StatusBoard

_POLL_S = 0.5
_PATIENCE_S = 10.0
_GONE = "the bot whose engine was used has ended"


class Neighbour:
    """Watches a borrowed engine; its owner restarts it. Belongs to one event loop.

    Args:
        socket: Where it serves.
        model: What its generating model must call itself; None: any.
    """

    def __init__(self, socket: Path, *, model: str | None) -> None:
        self.board = StatusBoard()
        self._socket = socket
        self._model = model
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look at it once and begin to watch it.

        Raises:
            AttachError: It belongs to others, does not answer, or has another model.
        """
        await asyncio.to_thread(check_is_ours, self._socket)
        connection = await self._stack.enter_async_context(open_connection(self._socket))
        link = Link(1, connection)
        health = await ask_health(connection)
        try:
            self.board.heard(self._checked(health), link)
        except AttachError:
            await self._stack.aclose()
            raise
        self._task = asyncio.create_task(self._watch(link))

    async def stop(self) -> None:
        """Stop watching; the engine goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self.board.over(EngineState.STOPPED, "the engine is stopped")
        await self._stack.aclose()

    def _checked(self, health: Health | None) -> Health:
        if health is None:
            raise AttachError(self._socket, "it does not answer")
        if self._model is not None and health.model != self._model:
            raise AttachError(
                self._socket, f"it has the model {health.model!r}, not {self._model!r}"
            )
        return health

    async def _watch(self, link: Link) -> None:
        heard_mono = time.monotonic()
        while time.monotonic() - heard_mono < _PATIENCE_S:
            await asyncio.sleep(_POLL_S)
            health = await ask_health(link.connection)
            if health is not None:
                heard_mono = time.monotonic()
                self.board.heard(health, link)
            elif not self._socket.exists():
                break
            else:
                self.board.lost()
        link.gone.set()
        self.board.over(EngineState.FAILED, _GONE)

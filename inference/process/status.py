"""What is known of an engine in another process, and a way to wait until it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..errors import ModelUnavailableError
from ..remote.connection import Connection
from ..service import EngineState
from .health import EncoderFacts, Health


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """The way to one run of the process.

    Attributes:
        number: Counts the runs, from 1.
        connection: To its server.
        gone: Set once that run is over.
    """

    number: int
    connection: Connection
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def settle(self, timeout_s: float = 1.0) -> None:
        """After a broken connection: give whoever watches time to see that the run is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), timeout_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A moment's knowledge.

    Attributes:
        link: None while nothing answers.
        encoder: Outlives a crash: a restarted engine has the same one.
    """

    state: EngineState = EngineState.LOADING
    failure: str = ""
    model: str = ""
    n_waiting: int = 0
    encoder: EncoderFacts | None = None
    encoder_failure: str = ""
    link: Link | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will ever answer again."""
        return self.link is None and self.state in (EngineState.FAILED, EngineState.STOPPED)


class StatusBoard:
    """The present status. Belongs to one event loop."""

    def __init__(self) -> None:
        self._status = Status()
        self._changed = asyncio.Event()

    @property
    def status(self) -> Status:
        """What is known now."""
        return self._status

    def heard(self, health: Health, link: Link) -> None:
        """An engine answered."""
        self._set(
            Status(
                state=health.state,
                failure=health.failure,
                model=health.model,
                n_waiting=health.n_waiting,
                encoder=health.encoder or self._status.encoder,
                encoder_failure=health.encoder_failure,
                link=link,
            )
        )

    def lost(self) -> None:
        """It died and will be started again."""
        if self._status.state is not EngineState.STOPPED:
            self._set(
                replace(self._status, state=EngineState.LOADING, failure="", n_waiting=0, link=None)
            )

    def over(self, state: EngineState, reason: str) -> None:
        """It is gone for good: FAILED or STOPPED."""
        self._set(Status(state=state, failure=reason, encoder_failure=reason))

    async def wait_for(self, wanted: Callable[[Status], bool]) -> Status:
        """Wait for a status."""
        while not wanted(self._status):
            await self._changed.wait()
        return self._status

    async def up(self) -> Link:
        """Wait until something answers.

        Raises:
            ModelUnavailableError: Nothing ever will.
        """
        status = await self.wait_for(lambda s: s.link is not None or s.is_over)
        if status.link is None:
            raise ModelUnavailableError(status.failure)
        return status.link

    def _set(self, status: Status) -> None:
        self._status = status
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

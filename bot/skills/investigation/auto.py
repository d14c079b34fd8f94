"""Lets a model lead if it was measured to handle tools, and the playbook otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import structlog

from ...messages import Request
from ..generation import Generator
from .case_file import CaseFile
from .clues import Look
from .drivers import Driver, PlaybookDriver, Session
from .tool_use import ToolUse, ToolUseBook
from .toolbox import Toolbox

_MEASURE_S = 180.0


class AutoDriver:
    """Chooses the driver of each investigation.

    Args:
        generator: The model.
        name: Of the model, for the small print.
        book: What was measured of which model.
        key_of: What tells this model apart; empty: there is none.
        is_forced: Let the model lead whatever was measured.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        name: str,
        book: ToolUseBook,
        key_of: Callable[[], Awaitable[str]],
        is_forced: bool = False,
    ) -> None:
        self._generator = generator
        self._name = name
        self._book = book
        self._key_of = key_of
        self._is_forced = is_forced
        self._measuring: asyncio.Task[None] | None = None

    def begin(self, case: CaseFile, toolbox: Toolbox, request: Request) -> Session:
        """See `Driver.begin`."""
        return _AutoSession(self, case, toolbox, request)

    async def chosen(self) -> Driver:
        """Who leads now. A model that nothing is known of is measured after this investigation."""
        if self._is_forced:
            return self._agent()
        key = await self._key_of()
        known = await asyncio.to_thread(self._book.known, key) if key else None
        return self._agent() if known is not None and known.passes else PlaybookDriver()

    def _agent(self) -> Driver:
        from .agent import AgentDriver  # LangChain takes a second to load, and few need it

        return AgentDriver(self._generator, self._name)

    async def measure_if_unknown(self) -> None:
        """Begin to measure the model in the background, once, when nothing is known of it."""
        key = "" if self._is_forced else await self._key_of()
        if not key or self._measuring is not None:
            return
        if await asyncio.to_thread(self._book.known, key) is None:
            self._measuring = asyncio.create_task(self._measure(key))

    async def settled(self) -> None:
        """Wait until what is being measured is known."""
        if self._measuring is not None:
            await self._measuring

    async def _measure(self, key: str) -> None:
        from .tool_check import measure

        log = structlog.get_logger()
        try:
            async with asyncio.timeout(_MEASURE_S):
                use = await measure(self._generator)
            await asyncio.to_thread(self._book.keep, key, use)
        except (TimeoutError, OSError) as exc:
            await asyncio.to_thread(self._keep_slow, key)
            log.warning("tool_use_not_measured", reason=str(exc) or "it took too long")
        else:
            log.info("tool_use_measured", n_right=use.n_right, n=use.n)

    def _keep_slow(self, key: str) -> None:
        """A model that is too slow to be asked is too slow to lead; it is not asked again."""
        try:
            self._book.keep(key, ToolUse(n_right=0, n=1))
        except OSError as exc:
            structlog.get_logger().warning("tool_use_not_kept", reason=str(exc))


class _AutoSession:
    """An investigation whose leader is known when it begins."""

    def __init__(
        self, driver: AutoDriver, case: CaseFile, toolbox: Toolbox, request: Request
    ) -> None:
        self._driver = driver
        self._case = case
        self._toolbox = toolbox
        self._request = request
        self._led: Session = PlaybookDriver().begin(case, toolbox, request)

    @property
    def name(self) -> str:
        return self._led.name

    @property
    def remarks(self) -> str:
        return self._led.remarks

    async def looks(self) -> AsyncGenerator[Look, None]:
        chosen = await self._driver.chosen()
        self._led = chosen.begin(self._case, self._toolbox, self._request)
        async with aclosing(self._led.looks()) as looks:
            async for look in looks:
                yield look
        if self._request.thread.channel_id:  # a terminal command ends before it would be known
            await self._driver.measure_if_unknown()

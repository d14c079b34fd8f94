"""Work that emits bytes becomes events: lines as they come, then one result.

The work is a task of its own, so that a reader that waits between two lines does not hold it up, and
a time limit never strikes the reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from .base import ActionEvent, ActionResult, Line
from .intake import OutputIntake
from .output import safe_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the work ended; the fields are those of `ActionResult`."""

    ok: bool
    detail: str
    exit_status: int | None = None


@dataclass(slots=True, kw_only=True)
class Emitter:
    """What the work gives its output to.

    Attributes:
        aftermath: What became of the work when its time was over, for the result's detail.
    """

    intake: OutputIntake
    aftermath: str = ""
    lines: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue[str | None]())

    def feed(self, chunk: bytes) -> None:
        """Take bytes of the output."""
        self._show(self.intake.feed(chunk))

    def close(self) -> None:
        """Nothing more will come."""
        self._show(self.intake.end())
        self.lines.put_nowait(None)

    def _show(self, lines: list[str]) -> None:
        for line in lines:
            self.lines.put_nowait(line)


Work: TypeAlias = Callable[[Emitter], Awaitable[Ending]]


def failed(detail: str) -> ActionResult:
    """A result of something that was not even begun."""
    return ActionResult(
        ok=False, exit_status=None, seconds=0.0, output="", detail=safe_text(detail)
    )


async def pumped(
    work: Work, timeout_s: float, known: tuple[str, ...] = ()
) -> AsyncGenerator[ActionEvent, None]:
    """Run work to its end, or to its time limit; closing the generator cancels it.

    Args:
        work: Raises nothing but `asyncio.CancelledError`; when cancelled it ends what it started.
        timeout_s: Its longest wall time, in seconds.
        known: Secret values that are hidden in output and detail.
    """
    began = time.monotonic()
    emitter = Emitter(intake=OutputIntake(known=known))
    task = asyncio.create_task(_limited(work, emitter, timeout_s))
    try:
        while (line := await emitter.lines.get()) is not None:
            yield Line(text=line)
        ending = await task
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    yield ActionResult(
        ok=ending.ok,
        exit_status=ending.exit_status,
        seconds=time.monotonic() - began,
        output=emitter.intake.text,
        detail=safe_text(ending.detail, known),
    )


async def _limited(work: Work, emitter: Emitter, timeout_s: float) -> Ending:
    try:
        async with asyncio.timeout(timeout_s):
            return await work(emitter)
    except TimeoutError:
        return Ending(ok=False, detail=f"timed out after {timeout_s:g} s{emitter.aftermath}")
    finally:
        emitter.close()

"""What threads are being told at this moment: a follow-up need not wait until the answer has ended."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from .messages import Request, ThreadRef, Turn


@dataclass(slots=True)
class UnfinishedTurn:
    """One exchange whose answer still grows.

    Attributes:
        turn: What it shows so far; None before the first snapshot, and once it is remembered.
    """

    turn: Turn | None = None


class UnfinishedTurns:
    """Those of all threads, in the order in which they were asked."""

    def __init__(self) -> None:
        self._of: dict[ThreadRef, list[UnfinishedTurn]] = {}

    @contextmanager
    def of(self, request: Request) -> Generator[UnfinishedTurn]:
        """The exchange of a request, as long as it is being answered."""
        unfinished = UnfinishedTurn()
        running = self._of.setdefault(request.thread, [])
        running.append(unfinished)
        try:
            yield unfinished
        finally:
            # By identity: two questions in one thread may show the same so far.
            running[:] = [each for each in running if each is not unfinished]
            if not running:
                self._of.pop(request.thread, None)

    def turns(self, thread: ThreadRef) -> tuple[Turn, ...]:
        """What a thread is being told, oldest first."""
        return tuple(each.turn for each in self._of.get(thread, ()) if each.turn is not None)

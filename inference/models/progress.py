"""What a pull tells while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one pull is.

    Attributes:
        n_done_bytes: Never shrinks during a pull; includes what an earlier pull left behind.
        n_bytes_per_s: Average since this pull began to fetch, or None before the first byte.
        what: What is going on, for example "part 3 of 22".
    """

    n_done_bytes: int
    n_total_bytes: int
    n_bytes_per_s: float | None
    what: str


class PullObserver(Protocol):
    """Whoever shows a pull to people."""

    def progress(self, progress: Progress) -> None:
        """Take the newest state; called several times a second."""
        ...

    def note(self, text: str) -> None:
        """Take one line worth reading, for example that a source was skipped."""
        ...


class SilentObserver:
    """Shows nothing."""

    def progress(self, progress: Progress) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


@dataclass(slots=True, kw_only=True)
class Meter:
    """Counts bytes of one pull and reports them.

    Attributes:
        n_kept_bytes: Bytes that were here before this pull began; they don't count as speed.
    """

    observer: PullObserver
    n_total_bytes: int
    clock: Callable[[], float] = time.monotonic
    n_kept_bytes: int = 0
    _n_done_bytes: int = 0
    _n_shown_bytes: int = 0
    _started_at: float | None = field(default=None)

    def keep(self, n_bytes: int) -> None:
        """Count bytes that an earlier pull left behind."""
        self.n_kept_bytes += n_bytes
        self._n_done_bytes += n_bytes

    def add(self, n_bytes: int, what: str) -> None:
        """Count bytes that are done for good."""
        self._n_done_bytes += n_bytes
        self.show(0, what)

    def show(self, n_pending_bytes: int, what: str) -> None:
        """Report, counting bytes that are on their way but not yet done."""
        now = self.clock()
        started_at = self._started_at = now if self._started_at is None else self._started_at
        n_seen = min(self._n_done_bytes + n_pending_bytes, self.n_total_bytes)
        self._n_shown_bytes = max(self._n_shown_bytes, n_seen)
        self.observer.progress(
            Progress(
                n_done_bytes=self._n_shown_bytes,
                n_total_bytes=self.n_total_bytes,
                n_bytes_per_s=self._speed(now - started_at),
                what=what,
            )
        )

    def _speed(self, elapsed_s: float) -> float | None:
        n_fetched = self._n_shown_bytes - self.n_kept_bytes
        return n_fetched / elapsed_s if elapsed_s > 0 and n_fetched > 0 else None

"""What waits to be written, and what gives way when it is too much. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .container import StateKind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PendingState:
    """A state in main memory that is to become a file."""

    key: str
    kind: StateKind
    tokens: NDArray[np.int32]
    payload: bytes


class WriteQueue:
    """Oldest first, bounded by memory.

    When there is too much, threads give way to pinned prefixes and, among pinned ones, the oldest
    to the newest; a new thread does not displace anything.

    Args:
        max_bytes: Of all payloads together. A single one may be larger if nothing else waits.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pending: list[PendingState] = []

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def keys(self) -> frozenset[str]:
        """What waits."""
        return frozenset(state.key for state in self._pending)

    def put(self, state: PendingState) -> int:
        """Add a state if there is room for it or something gives way.

        Returns:
            How many states were dropped for it; 1 when that is the new one itself.
        """
        if state.kind is StateKind.PINNED:
            n_dropped = self._make_way(len(state.payload))
        elif self._pending and self._n_over(len(state.payload)) > 0:
            return 1
        else:
            n_dropped = 0
        self._pending.append(state)
        return n_dropped

    def pop(self) -> PendingState | None:
        """Take the oldest; None when nothing waits."""
        return self._pending.pop(0) if self._pending else None

    def clear(self) -> int:
        """Drop everything; returns how many states that were."""
        n_dropped = len(self._pending)
        self._pending.clear()
        return n_dropped

    def _make_way(self, n_bytes: int) -> int:
        n_before = len(self._pending)
        while self._pending and self._n_over(n_bytes) > 0:
            threads = (i for i, s in enumerate(self._pending) if s.kind is StateKind.THREAD)
            self._pending.pop(next(threads, 0))
        return n_before - len(self._pending)

    def _n_over(self, n_bytes: int) -> int:
        return sum(len(state.payload) for state in self._pending) + n_bytes - self._max_bytes

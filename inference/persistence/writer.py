"""A thread that turns states into files, so that the engine thread only copies memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from .write_queue import PendingState, WriteQueue

_END_S = 0.1
"""A thread that has nothing left to write ends within this time."""


class BackgroundWriter:
    """Writes one state after the other. Its methods may be called from any thread.

    Args:
        store: Writes one state, in the writer's thread; returns whether it is saved now.
        max_queued_bytes: Of payloads that wait.
    """

    def __init__(self, store: Callable[[PendingState], bool], max_queued_bytes: int) -> None:
        self._store = store
        self._queue = WriteQueue(max_queued_bytes)
        self._current: str | None = None
        self._is_closing = False
        self._n_dropped = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def n_dropped(self) -> int:
        """States that were given up, for lack of memory, of time or of a disk that takes them."""
        with self._changed:
            return self._n_dropped

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or is being written."""
        with self._changed:
            return self._is_done

    def holds(self, key: str) -> bool:
        """Whether a state waits or is being written."""
        with self._changed:
            return key == self._current or key in self._queue.keys

    def put(self, state: PendingState) -> None:
        """Queue a state; it, or others, may be dropped for lack of room. Never blocks on I/O."""
        with self._changed:
            if self._is_closing:
                self._n_dropped += 1
                return
            self._n_dropped += self._queue.put(state)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="state-writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until everything is written; returns whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_done, timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Write what waits, for at most so long; drop the rest. Idempotent.

        Returns:
            Whether nothing had to be dropped and the thread has ended.
        """
        until = time.monotonic() + timeout_s
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_done, timeout_s)
            n_left = self._queue.clear()
            self._n_dropped += n_left
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(max(_END_S, until - time.monotonic()))
            return n_left == 0 and not self._thread.is_alive()
        return True

    @property
    def _is_done(self) -> bool:
        return self._current is None and len(self._queue) == 0

    def _run(self) -> None:
        while (state := self._next()) is not None:
            is_saved = self._try(state)
            with self._changed:
                self._current = None
                self._n_dropped += not is_saved
                self._changed.notify_all()

    def _next(self) -> PendingState | None:
        """Wait for a state; None when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or len(self._queue) > 0)
            state = self._queue.pop()
            self._current = state.key if state is not None else None
            return state

    def _try(self, state: PendingState) -> bool:
        try:
            return self._store(state)
        except Exception:  # noqa: BLE001 - the thread's boundary: lose this state, go on
            structlog.get_logger().exception("state_not_saved")
            return False

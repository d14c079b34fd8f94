"""The lengths of recent requests, kept for the next tuning. No text is kept."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from ..request import GenerationStats
from .request_profile import RequestProfile, profile_of
from .tuning_store import write_whole

_N_KEPT = 500
_SAVE_EVERY_S = 60.0
_ROWS = TypeAdapter(list[tuple[int, int, int]])


class RequestHistory:
    """Remembers how long prompts and answers were. Thread-safe.

    Args:
        path: JSON file; a damaged one is begun anew.
        clock: Monotonic seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._rows = deque(_read(path), maxlen=_N_KEPT)
        self._saved_at = -math.inf
        self._is_dirty = False

    def note(self, stats: GenerationStats) -> None:
        """Remember an answered request; written to disk at most once a minute."""
        if stats.n_prompt <= 0 or stats.n_output <= 0:
            return
        with self._lock:
            self._rows.append((stats.n_prompt, stats.n_cached, stats.n_output))
            self._is_dirty = True
            is_due = self._clock() - self._saved_at >= _SAVE_EVERY_S
        if is_due:
            self.save()

    def profile(self) -> RequestProfile:
        """What a typical request was lately."""
        with self._lock:
            rows = tuple(self._rows)
        return profile_of([GenerationStats(n_prompt=p, n_cached=c, n_output=o) for p, c, o in rows])

    def save(self) -> None:
        """Write it to disk if there is anything new; a disk that refuses costs only the history."""
        with self._lock:
            if not self._is_dirty:
                return
            self._saved_at, self._is_dirty = self._clock(), False
            content = _ROWS.dump_json(list(self._rows))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, content)
        except OSError as exc:
            structlog.get_logger().warning("request_history_not_saved", reason=str(exc))


def _read(path: Path) -> list[tuple[int, int, int]]:
    try:
        return _ROWS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return []

"""Ends conversations that no person can have: too many requests of one account in one thread.

An integration that posts as a person and answers whatever mentions it would go on for ever with a
bot that does the same. Pure; the time is an argument.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from enum import Enum, auto
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
_MAX_KEYS = 512


class Verdict(Enum):
    """What is done with a request."""

    ANSWERED = auto()
    TOLD = auto()
    """It is not answered, and this once that is said."""
    SILENCE = auto()


class LoopGuard(Generic[KeyT]):
    """Counts requests.

    Args:
        limit: So many are answered within the window.
        window_s: In seconds.
        rest_s: How long nothing is answered afterwards, in seconds.
    """

    def __init__(self, *, limit: int = 20, window_s: float = 60.0, rest_s: float = 600.0) -> None:
        self._limit = limit
        self._window_s = window_s
        self._rest_s = rest_s
        self._times: OrderedDict[KeyT, deque[float]] = OrderedDict()
        self._resting: OrderedDict[KeyT, float] = OrderedDict()

    def ask(self, key: KeyT, now: float) -> Verdict:
        """Take in a request.

        Args:
            now: Of a clock that only goes forward, in seconds.
        """
        if now < self._resting.get(key, now):
            return Verdict.SILENCE
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] <= now - self._window_s:
            times.popleft()
        times.append(now)
        if len(times) > self._limit:
            self._resting[key] = now + self._rest_s
            del self._times[key]
            self._bound()
            return Verdict.TOLD
        self._bound()
        return Verdict.ANSWERED

    def _bound(self) -> None:
        for known in (self._times, self._resting):
            while len(known) > _MAX_KEYS:
                known.popitem(last=False)

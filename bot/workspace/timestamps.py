"""Slack's message timestamps: unique, increasing, and the name of a message in its channel."""

from __future__ import annotations

from collections.abc import Callable

_COUNTER_LIMIT = 1_000_000


class Timestamps:
    """Hands out "<seconds>.<six digits>" strings.

    Args:
        now: Wall clock, seconds since the epoch.
        after: Every timestamp handed out is greater than this one.
    """

    def __init__(self, now: Callable[[], float], after: str = "0.000000") -> None:
        self._now = now
        seconds, counter = after.split(".")
        self._last = (int(seconds), int(counter))

    def next(self) -> str:
        """The next timestamp; two calls never return the same one."""
        now = self._now()
        fresh = (int(now), int(now % 1 * _COUNTER_LIMIT))
        if fresh <= self._last:
            seconds, counter = self._last
            fresh = (seconds, counter + 1) if counter + 1 < _COUNTER_LIMIT else (seconds + 1, 0)
        self._last = fresh
        return f"{fresh[0]:010d}.{fresh[1]:06d}"

"""Slack's rate limits as token buckets: a pure policy over a clock that is passed in."""

from __future__ import annotations

import math

# Calls per minute and method. Slack: tier 2 is 20, tier 3 is 50, tier 4 is 100.
_PER_MINUTE = {
    "chat.update": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.startStream": 20,
    "chat.appendStream": 100,
    "chat.stopStream": 20,
    "conversations.replies": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "users.info": 100,
    "users.list": 20,
    "reactions.add": 50,
    "views.open": 100,
    "views.publish": 100,
}
_POSTS_PER_SECOND = 1.0
_POST_BURST = 12


class RateLimits:
    """Decides whether a call may pass; buckets start full."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, method: str, channel_id: str, now: float) -> int | None:
        """Spend one call.

        Args:
            method: Web API method.
            channel_id: Only posts are limited by channel.
            now: Seconds on any clock that does not go back.

        Returns:
            None when the call may pass, else whole seconds to wait; nothing was spent then.
        """
        if method == "chat.postMessage":
            return self._spend(f"{method} {channel_id}", _POSTS_PER_SECOND, _POST_BURST, now)
        per_minute = _PER_MINUTE.get(method)
        if per_minute is None:
            return None
        return self._spend(method, per_minute / 60, per_minute, now)

    def _spend(self, key: str, per_second: float, burst: int, now: float) -> int | None:
        tokens, then = self._buckets.get(key, (float(burst), now))
        tokens = min(float(burst), tokens + (now - then) * per_second)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / per_second))
        self._buckets[key] = (tokens - 1, now)
        return None

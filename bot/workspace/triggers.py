"""Trigger ids: each opens one view, once, within three seconds."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from .errors import ApiError


class Triggers:
    """Issues and redeems trigger ids.

    Args:
        clock: Seconds on a clock that does not go back.
        ttl_s: Life of a trigger id, in seconds.
    """

    def __init__(self, clock: Callable[[], float], ttl_s: float) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._issued: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def issue(self, user_id: str) -> str:
        """A trigger id for something a person just did."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}"
        trigger_id += f".{secrets.token_hex(16)}"
        self._issued[trigger_id] = (user_id, self._clock() + self._ttl_s)
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """Use a trigger id up.

        Returns:
            The person's user id.

        Raises:
            ApiError: invalid_trigger_id, exchanged_trigger_id or expired_trigger_id.
        """
        if trigger_id in self._used:
            raise ApiError("exchanged_trigger_id")
        if trigger_id not in self._issued:
            raise ApiError("invalid_trigger_id")
        user_id, expires = self._issued.pop(trigger_id)
        self._used.add(trigger_id)
        if self._clock() > expires:
            raise ApiError("expired_trigger_id")
        return user_id

"""How a run tells time and lets it pass; a rehearsal does both without waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A clock and a way to wait.

    Attributes:
        now: Seconds from any fixed moment.
        sleep: Lets that many seconds pass.
        poll_s: Between two tries of a check, in seconds.
        listen_s: Between two looks whether somebody stopped the run, by the wall clock.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    poll_s: float = 1.0
    listen_s: float = 0.5

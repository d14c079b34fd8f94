"""How long reading a source may take, and how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a source may take.

    Attributes:
        silence_s: Longest wait for the next byte or answer.
        total_s: Longest time for everything.
        retry_waits_s: Pauses before a server is asked again that did not answer.
        stop: Set by whoever no longer wants the lines; reading then ends soon.
    """

    silence_s: float = 30.0
    total_s: float = 300.0
    retry_waits_s: tuple[float, ...] = (0.5, 2.0)
    stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def stopped_after(limits: Limits) -> Generator[None]:
    """Stop, when the block is left, whatever still reads within these limits.

    A coroutine that is cancelled while a thread reads for it leaves no program running this way.
    """
    try:
        yield
    finally:
        limits.stop.set()

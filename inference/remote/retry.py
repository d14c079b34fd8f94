"""When to send a request again that an endpoint could not take: pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounded exponential backoff with jitter.

    Attributes:
        n_retries: Most further attempts after the first one; 0: never again.
        base_s: Longest wait before the first retry, in seconds; it doubles with every further one.
        longest_s: No wait is longer. An endpoint that asks for more is not asked again.
    """

    n_retries: int = 2
    base_s: float = 0.5
    longest_s: float = 10.0

    def __post_init__(self) -> None:
        if self.n_retries < 0:
            raise ValueError(f"n_retries must be >= 0, got {self.n_retries}")
        if not 0 < self.base_s <= self.longest_s:
            raise ValueError(f"base_s must be within 0..{self.longest_s:g}, got {self.base_s}")

    def delay_s(
        self, n_failed: int, *, chance: float, retry_after_s: float | None = None
    ) -> float | None:
        """Seconds to wait before the next attempt, or None to give up.

        Args:
            n_failed: Attempts that have failed, >= 1.
            chance: A random number in [0, 1); spreads clients that failed together.
            retry_after_s: How long the endpoint asked to wait.
        """
        if n_failed > self.n_retries:
            return None
        step = min(self.base_s * 2.0 ** (n_failed - 1), self.longest_s)
        if retry_after_s is None:
            return step * (0.5 + chance / 2)
        if retry_after_s > self.longest_s:
            return None
        return min(retry_after_s + step * chance / 4, self.longest_s)


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks to wait; None when it says nothing usable.

    Args:
        header: A number of seconds or an HTTP date.
        now: The present, aware.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return None

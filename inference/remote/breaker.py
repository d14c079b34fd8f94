"""Remembers for a while that something is broken: a circuit breaker, pure."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Whether to ask a generator that failed lately. Immutable: every change is a new one.

    After a failure it is open for `cooldown_s`, twice as long after each further failure in a
    row; when that has passed, one request may try.

    Attributes:
        cooldown_s: First time of not asking, in seconds.
        longest_s: Longest such time.
        n_failures: Failures in a row.
        open_until_mono: End of the present time of not asking, on a monotonic clock.
    """

    cooldown_s: float = 5.0
    longest_s: float = 60.0
    n_failures: int = 0
    open_until_mono: float = 0.0

    def allows(self, now_mono: float) -> bool:
        """Whether to ask now."""
        return self.n_failures == 0 or now_mono >= self.open_until_mono

    def tried(self, now_mono: float) -> Breaker:
        """After a request was let through: others wait until that one has ended."""
        if self.n_failures == 0:
            return self
        return replace(self, open_until_mono=now_mono + self._wait_s(self.n_failures))

    def failed(self, now_mono: float) -> Breaker:
        """After it turned out broken."""
        n_failures = self.n_failures + 1
        until = now_mono + self._wait_s(n_failures)
        return replace(self, n_failures=n_failures, open_until_mono=until)

    def worked(self) -> Breaker:
        """After it answered."""
        return replace(self, n_failures=0, open_until_mono=0.0)

    def _wait_s(self, n_failures: int) -> float:
        return min(self.cooldown_s * 2.0 ** min(n_failures - 1, 16), self.longest_s)

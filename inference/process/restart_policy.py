"""When to start a process again that died: pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """At once the first time, then with growing pauses; never more than so often.

    Attributes:
        base_s: Pause before the second restart in a window, in seconds; it doubles from there.
        longest_s: No pause is longer.
        max_crashes: With so many crashes within a window it is given up.
        window_s: Older crashes are forgotten, in seconds.
    """

    base_s: float = 0.5
    longest_s: float = 8.0
    max_crashes: int = 6
    window_s: float = 120.0

    def __post_init__(self) -> None:
        if self.max_crashes < 1:
            raise ValueError(f"max_crashes must be >= 1, got {self.max_crashes}")
        if self.window_s <= 0:
            raise ValueError(f"window_s must be > 0, got {self.window_s}")

    def recent(self, crashes_mono: Sequence[float], now_mono: float) -> tuple[float, ...]:
        """The crashes that still count."""
        return tuple(at for at in crashes_mono if now_mono - at < self.window_s)

    def delay_s(self, crashes_mono: Sequence[float], now_mono: float) -> float | None:
        """Seconds until the next start, or None to give up.

        Args:
            crashes_mono: When it crashed, this time included, on a monotonic clock.
        """
        n_crashes = len(self.recent(crashes_mono, now_mono))
        if n_crashes >= self.max_crashes:
            return None
        if n_crashes <= 1:
            return 0.0
        return min(self.base_s * 2.0 ** (n_crashes - 2), self.longest_s)

"""Whether a process that does not answer, or computes for too long, is to be killed: pure rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """Limits of patience, in seconds.

    Attributes:
        start_s: From its start until it answers for the first time.
        silence_s: Without an answer to a question about its health.
        step_s: One step of the engine thread. A step is one batch, so the limit is far above
            what the slowest machine needs for it.
    """

    start_s: float = 60.0
    silence_s: float = 15.0
    step_s: float = 120.0

    def __post_init__(self) -> None:
        if min(self.start_s, self.silence_s, self.step_s) <= 0:
            raise ValueError("a watchdog's limits must be > 0 s")

    def verdict(
        self, *, has_answered: bool, silent_s: float, step_s: float, has_lost_model: bool = False
    ) -> str:
        """Why to kill it, in words; empty: let it live.

        Args:
            has_answered: Whether it ever did.
            silent_s: Time since its last answer, or its start; 0 when it has just answered.
            step_s: How long the present step has lasted by that answer.
            has_lost_model: Whether it had a model and has none any more.
        """
        if not has_answered:
            late = silent_s > self.start_s
            return f"it did not begin to answer within {self.start_s:g} s" if late else ""
        if silent_s > self.silence_s:
            return f"it gave no sign of life for {self.silence_s:g} s"
        if has_lost_model:
            return "it lost its model"
        if step_s > self.step_s:
            return f"one step took longer than {self.step_s:g} s"
        return ""

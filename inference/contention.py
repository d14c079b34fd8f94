"""How many threads to compute with while other programs want the same cores.

The threads of one computation meet at a barrier hundreds of times per token, so a single thread
that has lost its core to another program stalls all the others. Fewer threads than cores are then
several times faster. The controller sees only how long steps took and decides nothing else.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

from .step_costs import LearnedCosts, StepCosts

_N_WARM_UP = 1
"""The first step touches cold pages and proves nothing."""

_SLOW = 1.5
"""A step is slow when it takes so many times what it should."""

_GAIN = 0.93
"""Another number of threads must bring the duration below this share of the present one."""

_WORSE = 1.3
"""An attempt that takes so many times longer than before is given up at once."""

_EVIDENCE_ENOUGH = 4
_LONG_EXCESS_S = 0.25
"""A slow step that lost so much counts twice."""

_STALLED = 4.0
_STALLED_EXCESS_S = 1.0
"""A step that took so many times too long and lost so much is evidence enough by itself."""

_N_ATTEMPT_STEPS = 3
_N_RECENT = 8
_BACKOFF_S = 2.0
_BACKOFF_MAX_S = 30.0
_ATTEMPT_SHARE = 0.02
"""Failed attempts may take at most this share of the time."""

_PAUSE_S = 30.0
"""After so long without a step the machine's state is unknown."""

_SURVEY_AFTER = 16
_SURVEY_S, _SURVEY_MAX_S = 30.0, 480.0


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """Another number of threads on trial.

    Attributes:
        origin: Where it started from, and goes back to.
        origin_cost: Relative duration there.
        lost_s: Seconds its steps took longer than they would have at the origin.
    """

    origin: int
    origin_cost: float
    costs: list[float] = field(default_factory=list[float])
    lost_s: float = 0.0


class _Backoff:
    """Waits that grow with every failure."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s, self._most_s = first_s, most_s
        self.wait_s = first_s
        self.until = 0.0

    def failed(self, now: float, least_s: float = 0.0) -> None:
        self.until = now + max(self.wait_s, least_s)
        self.wait_s = min(self._most_s, self.wait_s * 2)

    def restart(self, now: float) -> None:
        self.wait_s = self._first_s
        self.until = now + self.wait_s

    def clear(self, now: float) -> None:
        self.wait_s, self.until = self._first_s, now


class ThreadController:
    """Chooses the number of threads from the durations of steps.

    Durations are compared as multiples of what the same batch takes with all threads on a quiet
    machine, so that large and small batches count alike. Slow steps are evidence, fast ones take
    it back; with enough of it fewer threads are tried, and kept if they are faster. From then on
    more threads are tried now and then, seldomer each time they turn out slower.

    Args:
        max_threads: Most threads, >= 1.
        costs: Measured durations; None: learned from the steps themselves. Then a neighbour who
            was there from the start goes unnoticed, so fewer threads are tried unasked, rarely.
    """

    def __init__(self, max_threads: int, costs: StepCosts | None = None) -> None:
        if max_threads < 1:
            raise ValueError(f"max_threads is {max_threads}, it must be at least 1")
        self._max = max_threads
        self._measured = costs
        self._learned = LearnedCosts()
        self._levels = [max_threads]
        self._recent: deque[float] = deque(maxlen=_N_RECENT)
        self._attempt: _Attempt | None = None
        self._evidence = 0
        self._n_too_many = 0
        self._n_steps = 0
        self._n_changes = 0
        self._last_now: float | None = None
        self._raised_at: float | None = None
        self._up = _Backoff(_BACKOFF_S, _BACKOFF_MAX_S)
        self._down = _Backoff(_BACKOFF_S, _BACKOFF_MAX_S)
        self._survey = _Backoff(_SURVEY_S, _SURVEY_MAX_S)

    @property
    def n_threads(self) -> int:
        """Threads for the next step."""
        return self._levels[-1]

    @property
    def is_trying(self) -> bool:
        """Whether the present number is on trial."""
        return self._attempt is not None

    @property
    def n_changes(self) -> int:
        """How often the number was changed, attempts included."""
        return self._n_changes

    @property
    def slowdown(self) -> float:
        """Recent durations over those of the same batches with all threads when quiet."""
        return median(self._recent) if self._recent else 1.0

    def observe(self, *, n_rows: int, n_cells: int, seconds: float, now: float) -> int:
        """Take note of a step that was computed with `n_threads`.

        Args:
            n_rows: Rows of its batch, >= 1.
            n_cells: Cells of the KV cache in use.
            seconds: How long it took.
            now: When it ended, monotonic seconds.

        Returns:
            Threads for the next step, 1 <= n <= max_threads.
        """
        self._n_steps += 1
        if self._max == 1 or self._n_steps <= _N_WARM_UP:
            return self.n_threads
        self._learned.learn(n_threads=self.n_threads, n_rows=n_rows, seconds=seconds)
        quiet_s = self._quiet_s(self._max, n_rows, n_cells)
        cost = seconds / quiet_s
        if self._attempt is not None:
            self._judge(self._attempt, cost, seconds, now)
        else:
            self._recent.append(cost)
            usual_s = self._quiet_s(self.n_threads, n_rows, n_cells)
            self._weigh(seconds, usual_s)
            self._consider(now)
        self._last_now = now
        return self.n_threads

    def _quiet_s(self, n_threads: int, n_rows: int, n_cells: int) -> float:
        """What a step should take; what is not known is guessed from the present number."""
        if self._measured is not None:
            known = self._measured.expected_s(n_threads=n_threads, n_rows=n_rows, n_cells=n_cells)
            return max(known, 1e-6)
        known = self._learned.expected_s(n_threads=n_threads, n_rows=n_rows, n_cells=n_cells)
        if known is None:
            here = self.n_threads
            learned = self._learned.expected_s(n_threads=here, n_rows=n_rows, n_cells=n_cells)
            known = (learned or 1e-6) * here / n_threads
        return max(known, 1e-6)

    def _weigh(self, seconds: float, usual_s: float) -> None:
        excess_s = seconds - usual_s
        if seconds < usual_s * _SLOW:
            self._evidence = max(0, self._evidence - 1)
        elif seconds > usual_s * _STALLED and excess_s > _STALLED_EXCESS_S:
            self._evidence = max(self._evidence, _EVIDENCE_ENOUGH)
        else:
            self._evidence += 2 if excess_s > _LONG_EXCESS_S else 1

    def _consider(self, now: float) -> None:
        """Start an attempt if there is reason to."""
        if self.n_threads > 1 and self._evidence >= _EVIDENCE_ENOUGH and now >= self._down.until:
            self._try_fewer()
        elif self._is_time_for_more(now):
            self._try_more()
        elif self._is_time_to_survey(now):
            self._survey.failed(now)
            self._try_fewer()

    def _is_time_for_more(self, now: float) -> bool:
        if self.n_threads == self._max or now < self._up.until:
            return False
        is_after_pause = self._last_now is not None and now - self._last_now > _PAUSE_S
        return is_after_pause or len(self._recent) >= _N_ATTEMPT_STEPS

    def _is_time_to_survey(self, now: float) -> bool:
        is_due = self._n_steps >= _SURVEY_AFTER and now >= self._survey.until
        return self._measured is None and is_due and self.n_threads == self._max

    def _try_fewer(self) -> None:
        """Each further attempt takes off twice as many: how many cores are taken is unknown."""
        ladder = _ladder(self.n_threads)
        rung = min(len(ladder), len(self._levels) + self._n_too_many) - 1
        self._start_attempt()
        self._levels.append(ladder[rung])

    def _try_more(self) -> None:
        self._start_attempt()
        self._levels.pop()

    def _start_attempt(self) -> None:
        self._attempt = _Attempt(origin=self.n_threads, origin_cost=median(self._recent))
        self._n_changes += 1

    def _judge(self, attempt: _Attempt, cost: float, seconds: float, now: float) -> None:
        """Keep or give up the number of threads on trial."""
        attempt.costs.append(cost)
        attempt.lost_s += max(0.0, seconds * (1 - attempt.origin_cost / cost))
        is_hopeless = cost > attempt.origin_cost * _WORSE
        if len(attempt.costs) < _N_ATTEMPT_STEPS and not is_hopeless:
            return
        is_better = not is_hopeless and median(attempt.costs) < attempt.origin_cost * _GAIN
        self._attempt = None
        if is_better:
            self._evidence = self._n_too_many = 0
            self._recent.clear()
            self._recent.extend(attempt.costs)
        self._settle(attempt, is_better=is_better, now=now)

    def _settle(self, attempt: _Attempt, *, is_better: bool, now: float) -> None:
        is_up = self.n_threads > attempt.origin
        if is_up and is_better:
            self._raised_at = now
            self._down.clear(now)
            self._up.until = now + _BACKOFF_S
        elif is_better:
            self._lowered(now)
        else:
            self._return(attempt, is_up=is_up, now=now)

    def _lowered(self, now: float) -> None:
        """A neighbour who comes back soon after more threads paid off counts as a failure."""
        came_back = self._raised_at is not None and now - self._raised_at < 4 * self._up.wait_s
        if came_back:
            self._up.failed(now)
        else:
            self._up.restart(now)

    def _return(self, attempt: _Attempt, *, is_up: bool, now: float) -> None:
        self._n_changes += 1
        if is_up:
            self._levels.append(attempt.origin)
            self._up.failed(now, attempt.lost_s / _ATTEMPT_SHARE)
            return
        if self._levels.pop() > 1 and self._evidence >= _EVIDENCE_ENOUGH:
            self._n_too_many += 1
            return
        self._evidence = self._n_too_many = 0
        self._down.failed(now, attempt.lost_s / _ATTEMPT_SHARE)


def _ladder(n_threads: int) -> list[int]:
    """Smaller numbers to try, each rung taking off twice as many, below the half by halves."""
    rungs: list[int] = []
    n_fewer = 1
    while n_fewer < n_threads - n_threads // 2:
        rungs.append(n_threads - n_fewer)
        n_fewer *= 2
    n = n_threads // 2
    while n > 0:
        rungs.append(n)
        n //= 2
    return rungs

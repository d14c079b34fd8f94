"""Whether anything else uses the cores: what is measured on a busy machine holds nowhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from .errors import TuningError

_WINDOW_S = 1.0
_IDLE_FIELDS = frozenset({"idle", "iowait", "guest", "guest_nice"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuUse:
    """Processor time used since the machine started, in core-seconds.

    Attributes:
        all_s: By everything.
        own_s: By this process.
        at_s: When it was read, monotonic.
    """

    all_s: float
    own_s: float
    at_s: float


def read_cpu_use() -> CpuUse:
    """Read the counters of the system and of this process."""
    times = psutil.cpu_times()
    own = psutil.Process().cpu_times()
    all_s = sum(value for name, value in times._asdict().items() if name not in _IDLE_FIELDS)
    return CpuUse(all_s=all_s, own_s=own.user + own.system, at_s=time.monotonic())


def cores_of_others(before: CpuUse, after: CpuUse) -> float:
    """How many cores other programs used on average between two readings."""
    passed_s = max(after.at_s - before.at_s, 1e-3)
    others_s = (after.all_s - before.all_s) - (after.own_s - before.own_s)
    return max(0.0, others_s / passed_s)


def wait_until_quiet(
    *,
    most_cores: float,
    patience_s: float,
    observe: Callable[[float], None] = lambda _cores: None,
    read: Callable[[], CpuUse] = read_cpu_use,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once others have left the cores alone for a second.

    Args:
        most_cores: What others may use, in cores.
        observe: Told what they use whenever it is too much.

    Raises:
        TuningError: They have not within `patience_s`.
    """
    begin = before = read()
    while True:
        sleep(_WINDOW_S)
        after = read()
        cores = cores_of_others(before, after)
        if cores <= most_cores:
            return
        observe(cores)
        if after.at_s - begin.at_s >= patience_s:
            raise TuningError(
                f"the machine is busy: other programs use {cores:.1f} cores, at most"
                f" {most_cores:.1f} are tolerable while measuring; try again when it is quiet"
            )
        before = after

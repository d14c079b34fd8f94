"""What a measurement was made on, and what else the machine did meanwhile."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMoment:
    """How busy the machine was at one time.

    Attributes:
        at: UTC, ISO 8601.
        load_1m: Load average over the last minute.
        steal_s: CPU seconds so far that the hypervisor gave to others; 0 where it does not tell.
        total_s: CPU seconds so far of all cores, idle ones included.
    """

    at: str
    load_1m: float
    steal_s: float
    total_s: float


def machine_now() -> MachineMoment:
    """Look at the clock, the load and the counters."""
    times = psutil.cpu_times()
    return MachineMoment(
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        load_1m=round(os.getloadavg()[0], 2),
        steal_s=float(getattr(times, "steal", 0.0)),
        total_s=float(sum(times)),
    )


def steal_share(before: MachineMoment, after: MachineMoment) -> float:
    """Share of the CPU time between two moments that the hypervisor gave to others."""
    passed_s = after.total_s - before.total_s
    return (after.steal_s - before.steal_s) / passed_s if passed_s > 0 else 0.0


def describe_machine() -> Mapping[str, str | int]:
    """Processor, cores, memory, system."""
    return {
        "cpu": _cpu_name(),
        "n_cores": psutil.cpu_count(logical=False) or psutil.cpu_count() or 1,
        "n_logical_cores": psutil.cpu_count() or 1,
        "n_memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

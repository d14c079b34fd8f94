"""What a measurement was made on; every result carries it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path

import psutil


def describe_machine() -> Mapping[str, str]:
    """Processor, cores, memory and how busy the machine is."""
    memory = psutil.virtual_memory()
    load = os.getloadavg()[0]
    return {
        "cpu": _cpu_name(),
        "cores": str(psutil.cpu_count(logical=False) or psutil.cpu_count() or 1),
        "memory": f"{memory.total / 2**30:.0f} GiB",
        "load": f"{load:.1f}",
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

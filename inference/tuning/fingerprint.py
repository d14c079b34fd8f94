"""What a machine is, as far as speed depends on it."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil

from ..backends.devices import Device, DeviceKind
from ..backends.free_memory import total_bytes

_CPUINFO = Path("/proc/cpuinfo")
_CPU_FIELDS = ("model name", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
_GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Measurements hold only where all of this is the same.

    Attributes:
        cpu: Model of the processor and a hash of its instruction sets.
        n_cores: Physical cores; logical ones where the machine does not tell.
        n_usable: Logical cores this process may run on.
        memory_gib: Main memory, or the container's share of it, rounded.
        library: llama.cpp's version and compile-time features.
        devices: Everything besides the processor, each with its memory.
    """

    cpu: str
    n_cores: int
    n_usable: int
    memory_gib: int
    library: str
    devices: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Short hash for file names."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:12]


def read_fingerprint(
    library: str, devices: Sequence[Device], cpuinfo: Path = _CPUINFO
) -> Fingerprint:
    """Look at this machine.

    Args:
        library: llama.cpp's build.
        devices: What llama.cpp can compute on.
        cpuinfo: Where the kernel describes the processor.
    """
    n_usable = _n_usable()
    n_cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return Fingerprint(
        cpu=_cpu(cpuinfo),
        n_cores=min(n_cores, n_usable),
        n_usable=n_usable,
        memory_gib=round(total_bytes() / _GIB),
        library=library,
        devices=tuple(
            f"{device.name} {device.description} {round(device.total_bytes / _GIB)} GiB"
            for device in devices
            if device.kind is not DeviceKind.CPU
        ),
    )


def _n_usable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count() or 1


def _cpu(cpuinfo: Path) -> str:
    name = platform.processor() or platform.machine()
    try:
        text = cpuinfo.read_text(encoding="utf-8")
    except OSError:
        return name
    first: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in _CPU_FIELDS:
            first.setdefault(key.strip(), value.strip())
    digest = hashlib.sha256(repr(sorted(first.items())).encode()).hexdigest()[:8]
    return f"{first.get('model name') or name} {digest}"

"""How much memory this process may still take."""

from __future__ import annotations

from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


def available_bytes(cgroup: Path = _CGROUP) -> int:
    """Memory to be had without swapping, in this machine and in this container.

    Args:
        cgroup: Where the kernel shows the limits of the process's control group (version 2).
    """
    free = psutil.virtual_memory().available
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is None or used is None:
        return free
    return max(0, min(free, limit - used + _reclaimable(cgroup / "memory.stat")))


def total_bytes(cgroup: Path = _CGROUP) -> int:
    """Memory of this machine, or of this container if it is limited to less."""
    limit = _number(cgroup / "memory.max")
    total = psutil.virtual_memory().total
    return total if limit is None else min(total, limit)


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _reclaimable(path: Path) -> int:
    """Files the kernel keeps in memory only for lack of other use for it."""
    fields = dict(line.split(" ", 1) for line in _text(path).splitlines() if " " in line)
    value = fields.get("inactive_file", "0")
    return int(value) if value.isdecimal() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""

"""Runs between fork and exec: set limits on this process, then become the program.

Started as `python -I -S launcher.py CPU_S MEMORY_BYTES EXECUTABLE ARGV0 ARG...`; a number of 0 means no
limit. It runs on its own, without this package, so that it starts in milliseconds.
"""

import ctypes
import os
import resource
import sys

CANNOT_START = 126
_N_FIXED = 3
_PR_SET_CHILD_SUBREAPER = 36


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _adopt_orphans() -> None:
    """What the program leaves behind twice forked stays its descendant, and so ends with it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main(arguments: list[str]) -> int:
    """Become the program; returns only when that fails."""
    cpu_s, memory_bytes = int(arguments[0]), int(arguments[1])
    executable, argv = arguments[2], arguments[_N_FIXED:]
    _adopt_orphans()
    _limit(resource.RLIMIT_CORE, 0)
    if cpu_s:
        _limit(resource.RLIMIT_CPU, cpu_s)
    if memory_bytes:
        _limit(resource.RLIMIT_AS, memory_bytes)
    try:
        os.execv(executable, argv)  # noqa: S606
    except OSError as exc:
        sys.stderr.write(f"{executable} cannot be started: {exc.strerror}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

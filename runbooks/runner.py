"""Which process runs a proposal, and whether that process is still there."""

from __future__ import annotations

import os
import socket

import psutil

_START_TOLERANCE_S = 1.0


def this_runner() -> str:
    """Name this process: host, process id and start time, so that a reused id is told apart."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{psutil.Process(pid).create_time():.2f}"


def is_gone(runner: str) -> bool:
    """Whether a process named by `this_runner` is surely over.

    A process of another host is never surely over.
    """
    host, _, rest = runner.rpartition("/")
    host, _, pid = host.rpartition("/")
    if not host or not pid.isdigit():
        return True
    if host != socket.gethostname():
        return False
    try:
        named = float(rest)
        started = psutil.Process(int(pid)).create_time()
    except (psutil.NoSuchProcess, ValueError, OverflowError):  # no process has such a name
        return True
    except psutil.AccessDenied:
        return False
    return abs(started - named) > _START_TOLERANCE_S


def is_elsewhere(runner: str) -> bool:
    """Whether a process named by `this_runner` is of another host, so that nobody here can look."""
    return runner.split("/", 1)[0] != socket.gethostname()

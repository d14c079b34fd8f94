"""Lets a process end with the one that started it, however that one ends."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent's thread ends. Linux only; else nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Lifeline:
    """Watches a pipe that the parent holds open for as long as it wants this process to live.

    Args:
        pipe: Its reading end, usually standard input.
        grace_s: Time from the parent's end until this process is ended by force, in seconds.
        end: Ends the process; a test passes something else.
    """

    def __init__(
        self, pipe: BinaryIO, *, grace_s: float = 10.0, end: Callable[[int], object] = os._exit
    ) -> None:
        self._pipe = pipe
        self._grace_s = grace_s
        self._end = end
        self._is_over = threading.Event()

    def watch(self) -> asyncio.Event:
        """Begin to watch; the event is set in the running loop once the parent is gone."""
        gone, loop = asyncio.Event(), asyncio.get_running_loop()
        threading.Thread(target=self._wait, args=(loop, gone), name="lifeline", daemon=True).start()
        return gone

    def release(self) -> None:
        """Call when the process is about to end by itself."""
        self._is_over.set()

    def _wait(self, loop: asyncio.AbstractEventLoop, gone: asyncio.Event) -> None:
        while self._pipe.read(4096):
            pass
        try:
            loop.call_soon_threadsafe(gone.set)
        except RuntimeError:
            return  # the loop is closed: the process is ending already
        if not self._is_over.wait(self._grace_s):
            self._end(1)

"""How much memory a process and those that it started take together."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_EVERY_S = 0.02


@dataclass(slots=True)
class Peak:
    """The most that was seen, in bytes."""

    n_bytes: int = 0


@contextmanager
def peak_rss_of_tree() -> Generator[Peak]:
    """Look at this process and all below it fifty times a second; shared pages count every time."""
    peak, ended = Peak(), threading.Event()
    thread = threading.Thread(target=_watch, args=(peak, ended), daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _watch(peak: Peak, ended: threading.Event) -> None:
    root = psutil.Process()
    while True:
        peak.n_bytes = max(peak.n_bytes, _rss([root, *root.children(recursive=True)]))
        if ended.wait(_EVERY_S):
            return


def _rss(processes: list[psutil.Process]) -> int:
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total

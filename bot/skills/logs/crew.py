"""Processes that count parts of large files side by side; their counts come back in order.

Whatever happens to a process, nothing is lost: what it did not deliver is counted here.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeAlias

from .blocks import Intake
from .part_worker import receive, send
from .parts import Counted, Part, PartCounter

_HAS_AFFINITY = hasattr(os, "sched_getaffinity")
_MAX_WAITING = 16
_POLL_S = 0.1
_GRACE_S = 2.0
_AHEAD = 2
_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import main; main()"

# A series of numbered shapes, and what comes next in it; the intake ends a part.
Delivery: TypeAlias = "tuple[int, Counted | Intake]"


class _Worker:
    """One process, and a thread that reads what it says."""

    def __init__(self, series: int) -> None:
        self.series = series
        self.is_alive = True
        self.n_parts = 0
        self._messages: queue.Queue[bytes | None] = queue.Queue(_MAX_WAITING)
        self._closed = threading.Event()
        program = _PROGRAM.format(path=sys.path, module=f"{__package__}.part_worker")
        self._process = subprocess.Popen(  # noqa: S603 - this Python, this program
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def give(self, part: Part) -> None:
        self.n_parts += 1
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # its death is noticed when its answer is missing
                send(self._process.stdin, part)

    def next(self, stop: threading.Event) -> Counted | Intake | None:
        """What it says next; None when it died, or when nobody wants it any more."""
        while self.is_alive and not stop.is_set():
            try:
                data = self._messages.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if data is None:
                self.is_alive = False
                return None
            return pickle.loads(data)  # noqa: S301 - our own child
        return None

    def _listen(self) -> None:
        pipe = self._process.stdout
        data: bytes | None = b""
        while pipe is not None and data is not None and not self._closed.is_set():
            with contextlib.suppress(OSError, ValueError):
                data = receive(pipe)
            self._put(data)

    def _put(self, data: bytes | None) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._messages.put(data, timeout=_POLL_S)
                return

    def end(self) -> None:
        self._closed.set()
        self._process.kill()
        self._process.wait()
        self._thread.join(_GRACE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


@contextmanager
def open_crew() -> Generator[Crew | None]:
    """One process for each core that may be used; None where there is only one."""
    n_cores = len(os.sched_getaffinity(0)) if _HAS_AFFINITY else os.cpu_count() or 1
    if n_cores < 2:
        yield None
        return
    with Crew(n_cores) as crew:
        yield crew


class Crew:
    """Some processes; they are started when there is something to do, and ended with the context.

    Args:
        n_workers: How many; none counts everything here.
    """

    def __init__(self, n_workers: int) -> None:
        self._n_workers = n_workers
        self._workers: list[_Worker] = []
        self._own = PartCounter()
        self._is_started = False
        self._n_series = 1  # the first one is of this process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._dismiss()

    @property
    def n_workers(self) -> int:
        """Processes that it uses."""
        return self._n_workers

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the processes that were started."""
        return tuple(worker.process_id for worker in self._workers)

    def count(self, parts: Iterator[Part], stop: threading.Event) -> Iterator[Delivery]:
        """Count parts; what comes out is in their order.

        Args:
            stop: Ends it soon after it is set.

        Yields:
            A number that tells series of blocks apart, with the counts of a block or, at the end
            of each part, what reading it met.
        """
        self._start()
        dealt: deque[tuple[Part, _Worker | None]] = deque()
        is_complete = False
        try:
            for _ in range(max(1, self._n_workers * _AHEAD)):
                self._deal(parts, dealt)
            while dealt and not stop.is_set():
                part, worker = dealt.popleft()
                yield from self._delivered(part, worker, stop)
                self._deal(parts, dealt)
            is_complete = not stop.is_set()
        finally:
            if not is_complete:
                self._dismiss()  # what they still say belongs to nothing that comes later

    def _dismiss(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._is_started = False

    def _start(self) -> None:
        if self._is_started:
            return
        self._is_started = True
        with contextlib.suppress(OSError):  # no more processes can be had: fewer do the work
            for _ in range(self._n_workers):
                self._workers.append(_Worker(self._n_series))
                self._n_series += 1

    def _deal(self, parts: Iterator[Part], dealt: deque[tuple[Part, _Worker | None]]) -> None:
        part = next(parts, None)
        if part is None:
            return
        alive = [worker for worker in self._workers if worker.is_alive]
        worker = min(alive, key=lambda each: each.n_parts, default=None)
        if worker is not None:
            worker.give(part)
        dealt.append((part, worker))

    def _delivered(
        self, part: Part, worker: _Worker | None, stop: threading.Event
    ) -> Iterator[Delivery]:
        n_blocks = 0
        while worker is not None and (message := worker.next(stop)) is not None:
            yield worker.series, message
            if isinstance(message, Intake):
                worker.n_parts -= 1
                return
            n_blocks += 1
        if not stop.is_set():
            yield from self._counted_here(part, n_blocks)

    def _counted_here(self, part: Part, n_known: int) -> Iterator[Delivery]:
        """Count a part in this process; blocks that are known already are not given again."""
        intake = Intake()
        for index, counted in enumerate(self._own.count(part, intake)):
            yield 0, counted._replace(counts=None) if index < n_known else counted
        yield 0, intake

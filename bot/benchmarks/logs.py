"""How fast logs are read: templates alone, and from a file to a digest, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .large_log import write_large_log
from .logs_peer import measure_drain3
from .tree_memory import peak_rss_of_tree

if TYPE_CHECKING:
    from bot.skills.logs.crew import Crew
    from bot.skills.logs.sources import Chunk

_START = datetime(2026, 3, 2, tzinfo=UTC)
_LINES_AT_ONCE = 10_000
_PEER_LINES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpeed:
    """One measurement, reading the file included.

    Attributes:
        what: What was done with the lines.
        log: Which log it was.
        n_found: Templates, or entries of the digest.
        mb_per_s: Millions of unpacked bytes a second.
        peak_rss_mb: Most memory of the process, in MiB; None where it shared a process.
    """

    what: str
    log: str
    n_lines: int
    n_found: int
    seconds: float
    lines_per_s: int
    mb_per_s: float
    peak_rss_mb: float | None


def usual_lines(n_lines: int, seed: int = 0) -> Iterator[str]:
    """Lines of a service: a dozen messages with changing values, now and then an error."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    for number in range(n_lines):
        at = _START + timedelta(milliseconds=20 * number)
        value, other = rng.randrange(10**6), rng.randrange(1000)
        head = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        if other == 0:
            yield f"{head} ERROR store: write of segment {value} failed after {other} ms"
        elif other % 3 == 0:
            yield f"{head} INFO http: GET /items/{value} 200 {other} ms"
        elif other % 3 == 1:
            yield f"{head} INFO cache: entry {value} stored in shard {other} by 10.0.{other % 256}.7"
        else:
            yield f"{head} DEBUG queue: job {value:08x}-{other:04x} taken, {other} waiting"


def new_lines(n_lines: int, seed: int = 0) -> Iterator[str]:
    """The worst case: every line has identifiers that no other line has."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    for number in range(n_lines):
        at = _START + timedelta(milliseconds=20 * number)
        key, place = rng.getrandbits(128), rng.getrandbits(40)
        yield f"{at:%Y-%m-%dT%H:%M:%S}Z INFO trace {key:032x}: span {place:x} of /data/{place:010x}/x ended"


def write_log(path: Path, lines: Iterator[str]) -> None:
    """Write lines to a file, a few thousand at a time."""
    with path.open("w", encoding="utf-8") as file:
        while part := [line for _, line in zip(range(_LINES_AT_ONCE), lines, strict=False)]:
            file.write("\n".join(part) + "\n")


def measure_logs(
    folder: Path, path: Path | None, n_lines: int, large_mb: int, progress: Callable[[str], None]
) -> tuple[LogSpeed, ...]:
    """Measure generated logs, and a given one.

    Args:
        folder: Where the generated logs are written.
        path: Another log to measure, or None.
        n_lines: Lines of the generated logs.
        large_mb: Size of a log that is read by several processes, in millions of bytes; none
            when it is 0.
    """
    logs = {"usual": folder / "usual.log", "every line new": folder / "new.log"}
    progress(f"writing two logs of {n_lines:,} lines")
    write_log(logs["usual"], usual_lines(n_lines))
    write_log(logs["every line new"], new_lines(n_lines))
    if path is not None:
        logs[path.name] = path
    found: list[LogSpeed] = []
    for name, log in logs.items():
        for measure in (mine, digest):
            progress(f"{measure.__name__}: {name}")
            found.append(_in_own_process(measure, log, name))
        if find_spec("drain3") is not None:
            progress(f"drain3: {name}")
            found.append(_speed_of_peer(log, name))
    if large_mb:
        found += _measure_large(folder / "large.log", large_mb, progress)
    return tuple(found)


def _measure_large(log: Path, large_mb: int, progress: Callable[[str], None]) -> list[LogSpeed]:
    progress(f"writing a log of {large_mb:,} MB")
    write_large_log(log, large_mb * 1_000_000)
    found: list[LogSpeed] = []
    for measure in (digest, digest_by_crew):
        progress(f"{measure.__name__}: large")
        found.append(_in_own_process(measure, log, "large"))
    if find_spec("drain3") is not None:
        progress("drain3: large")
        found.append(_speed_of_peer(log, "large"))
    log.unlink()
    return found


def _in_own_process(measure: Callable[[Path, str], LogSpeed], log: Path, name: str) -> LogSpeed:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(measure, log, name).result()


def mine(log: Path, name: str) -> LogSpeed:
    """Find the template of every line."""
    from bot.skills.logs.blocks import Intake
    from bot.skills.logs.miner import Miner
    from bot.skills.logs.sources import FileStream, LogQuery

    stream, intake, miner = FileStream(name=log.name, paths=(log,)), Intake(), Miner()
    n_bytes = 0
    started = time.perf_counter()
    for chunk in stream.chunks(LogQuery(), _START, intake):
        miner.shapes_of(chunk.block)
        n_bytes += len(chunk.block) + 1
    seconds = time.perf_counter() - started
    return _speed("templates", name, intake.n_lines, n_bytes, len(miner.templates), seconds)


def digest(log: Path, name: str) -> LogSpeed:
    """From the file to a digest of 2,000 tokens, in one process."""
    return _digest(log, name, None, "digest")


def digest_by_crew(log: Path, name: str) -> LogSpeed:
    """The same with a process for each core; the memory is that of all processes together."""
    from bot.skills.logs.crew import open_crew

    with open_crew() as crew, peak_rss_of_tree() as peak:
        n_workers = 1 if crew is None else crew.n_workers
        found = _digest(log, name, crew, f"digest, {n_workers} processes")
    return replace(found, peak_rss_mb=round(peak.n_bytes / (1 << 20), 1))


def _digest(log: Path, name: str, crew: Crew | None, what: str) -> LogSpeed:
    from bot.skills.logs.analysis import analyse
    from bot.skills.logs.digest import build
    from bot.skills.logs.sources import FileStream

    started = time.perf_counter()
    stream = FileStream(name=log.name, paths=(log,))
    analysis = analyse({log.name: (stream,)}, None, datetime.now(UTC), crew=crew)
    found = build(analysis, budget_tokens=2000, zone=UTC, only_telling=False, max_entries=200)
    seconds = time.perf_counter() - started
    return _speed(what, name, found.n_lines, _unpacked_bytes(log), len(found.entries), seconds)


def _chunks(log: Path) -> Iterator[Chunk]:
    from bot.skills.logs.blocks import Intake
    from bot.skills.logs.sources import FileStream, LogQuery

    return FileStream(name=log.name, paths=(log,)).chunks(LogQuery(), _START, Intake())


def _unpacked_bytes(log: Path) -> int:
    from bot.skills.logs.blocks import is_plain

    if is_plain(log):
        return log.stat().st_size
    return sum(len(chunk.block) + 1 for chunk in _chunks(log))


def _speed_of_peer(log: Path, name: str) -> LogSpeed:
    every = (line.decode("utf-8", "replace") for chunk in _chunks(log) for line in chunk.lines)
    lines = list(islice(every, _PEER_LINES))
    n_found, seconds = measure_drain3(lines)
    n_bytes = sum(len(line.encode()) + 1 for line in lines)
    return _speed("drain3", name, len(lines), n_bytes, n_found, seconds, has_process=False)


def _speed(
    what: str,
    name: str,
    n_lines: int,
    n_bytes: int,
    n_found: int,
    seconds: float,
    *,
    has_process: bool = True,
) -> LogSpeed:
    return LogSpeed(
        what=what,
        log=name,
        n_lines=n_lines,
        n_found=n_found,
        seconds=round(seconds, 3),
        lines_per_s=round(n_lines / seconds) if seconds else 0,
        mb_per_s=round(n_bytes / seconds / 1e6, 1) if seconds else 0.0,
        peak_rss_mb=_peak_rss_mb() if has_process else None,
    )


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)

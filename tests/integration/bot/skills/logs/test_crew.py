"""Processes that count: the result of one, whatever becomes of them, and none is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from bot.skills.logs import reader
from bot.skills.logs.analysis import Analysis, analyse
from bot.skills.logs.crew import Crew
from bot.skills.logs.sources import FileStream, Limits

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = START + timedelta(days=3)
_TRACE = "Traceback (most recent call last):\n  File 'a.py', line 3\nValueError: none\n"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 20 MB."""
    path = tmp_path_factory.mktemp("crew") / "app.log"
    with path.open("w") as file:
        for number in range(220_000):
            head = f"{START + timedelta(seconds=number // 5):%Y-%m-%dT%H:%M:%S}Z"
            file.write(f"{head} INFO shop request {number} of user {number % 977:x} was served\n")
            if number % 900 == 0:
                file.write(
                    f"{head} ERROR shop request {number} failed after {number % 7} s\n{_TRACE}"
                )
            if number > 190_000 and number % 30 == 0:
                file.write(f"{head} WARN pool is exhausted, {number % 50} wait\n")
    return path


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is worth being cut."""
    monkeypatch.setattr(reader, "WORTHWHILE_BYTES", 0)


@pytest.fixture
def crew() -> Iterator[Crew]:
    """Two processes."""
    with Crew(2) as crew:
        yield crew
        process_ids = crew.process_ids
    assert not any(psutil.pid_exists(each) for each in process_ids)


def told(analysis: Analysis) -> tuple[object, ...]:
    """What an analysis says."""
    (service,) = analysis.services
    moved = [
        (m.row.key, m.row.pattern, dict(m.row.ticks), dict(m.row.firsts), m.row.surroundings)
        for m in analysis.movements
    ]
    return moved, service.intake, service.n_lines, service.n_backwards, service.onset_at


def streams(path: Path, limits: Limits | None = None) -> dict[str, tuple[FileStream, ...]]:
    """One service with one file."""
    return {"app": (FileStream(name="app", paths=(path,), limits=limits or Limits()),)}


def test_several_processes_say_what_one_says(log: Path, crew: Crew) -> None:
    found = told(analyse(streams(log), None, NOW, crew=crew))
    assert len(crew.process_ids) == 2
    assert found == told(analyse(streams(log), None, NOW))


@pytest.mark.parametrize("n_killed", [1, 2])
def test_what_a_killed_process_owed_is_counted_here(log: Path, crew: Crew, n_killed: int) -> None:
    killed: list[int] = []

    def watch(n_lines: int, n_bytes: int) -> None:
        if crew.process_ids and not killed:
            killed.extend(crew.process_ids[:n_killed])
            for process_id in killed:
                os.kill(process_id, signal.SIGKILL)

    found = told(analyse(streams(log), None, NOW, crew=crew, watch=watch))
    assert len(killed) == n_killed
    assert found == told(analyse(streams(log), None, NOW))


def test_a_file_rotated_during_reading_is_read_to_its_end(
    log: Path, crew: Crew, tmp_path: Path
) -> None:
    path = tmp_path / "app.log"
    shutil.copy(log, path)

    def watch(n_lines: int, n_bytes: int) -> None:
        if not (tmp_path / "app.log.1").exists():
            path.rename(tmp_path / "app.log.1")
            path.write_text("another text\n" * 100_000)

    found = told(analyse(streams(path), None, NOW, crew=crew, watch=watch))
    assert (tmp_path / "app.log.1").exists()
    assert found == told(analyse(streams(log), None, NOW))


@pytest.mark.parametrize("n_workers", [0, 2])
def test_a_file_cut_during_reading_is_told_with_a_count(
    log: Path, tmp_path: Path, n_workers: int
) -> None:
    path = tmp_path / "app.log"
    shutil.copy(log, path)
    size = path.stat().st_size
    # Beyond what processes read ahead, so that it is gone before anybody comes to it.
    kept = size - 1_000_000

    def watch(n_lines: int, n_bytes: int) -> None:
        os.truncate(path, kept)

    with Crew(n_workers) if n_workers else nullcontext() as crew:
        (service,) = analyse(streams(path), None, NOW, crew=crew, watch=watch).services
    gone = "1,000,000 bytes were gone before they were read"
    assert service.intake.problems == [f"app.log: became shorter during reading, {gone}"]
    assert service.n_lines == path.read_bytes().count(b"\n") + 1


def test_nobody_waits_for_a_process_whose_answer_is_not_wanted(log: Path, crew: Crew) -> None:
    limits = Limits()

    def watch(n_lines: int, n_bytes: int) -> None:
        if crew.process_ids:
            for process_id in crew.process_ids:
                os.kill(process_id, signal.SIGSTOP)
            limits.stop.set()

    began = time.monotonic()
    found = analyse(streams(log, limits), None, NOW, crew=crew, watch=watch)
    assert time.monotonic() - began < 20
    assert found.problems == ("app.log: reading was stopped",)


def test_what_was_stopped_leaves_nothing_to_what_comes_next(log: Path, crew: Crew) -> None:
    limits, seen = Limits(), list[int]()

    def watch(n_lines: int, n_bytes: int) -> None:
        if crew.process_ids:
            seen.extend(crew.process_ids)
            limits.stop.set()

    analyse(streams(log, limits), None, NOW, crew=crew, watch=watch)
    assert not any(psutil.pid_exists(each) for each in seen)
    found = told(analyse(streams(log), None, NOW, crew=crew))
    assert len(set(seen)) == 2
    assert found == told(analyse(streams(log), None, NOW))


_READS_FOR_EVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bot.skills.logs import reader
from bot.skills.logs.analysis import analyse
from bot.skills.logs.crew import Crew
from bot.skills.logs.sources import FileStream
reader.WORTHWHILE_BYTES = 0
stream = FileStream(name="app", paths=(Path(sys.argv[1]),) * 1000)
with Crew(2) as crew:
    def watch(n_lines, n_bytes):
        if crew.process_ids:
            print(*crew.process_ids, flush=True)
    analyse({"app": (stream,)}, None, datetime.now(UTC), crew=crew, watch=watch)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_end_with_the_command(log: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", _READS_FOR_EVER, str(log)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process_ids = [int(each) for each in process.stdout.readline().split()]
        process.send_signal(how)
        process.stdout.read()
        assert process.wait(20) != 0
    gone, alive = psutil.wait_procs([p for p in map(_process, process_ids) if p], timeout=20)
    assert not alive, gone
    assert len(process_ids) == 2


def _process(process_id: int) -> psutil.Process | None:
    try:
        return psutil.Process(process_id)
    except psutil.NoSuchProcess:
        return None

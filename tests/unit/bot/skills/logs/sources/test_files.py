"""Files, rotated sets and time windows."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import (
    FileStream,
    Limits,
    LogQuery,
    TextStream,
    configured_streams,
    streams_of,
)

START = datetime(2026, 11, 21, 8, tzinfo=UTC)


def _line(second: float) -> bytes:
    at = START + timedelta(seconds=second)
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z INFO app request {second:.0f} served {'x' * 80}\n".encode()


def test_a_rotated_set_is_one_stream_oldest_first(tmp_path: Path) -> None:
    for name in ("app.log", "app.log.1", "app.log.10.gz", "app.log.2.gz", "other.log"):
        (tmp_path / name).write_bytes(b"x\n")
    (stream,) = streams_of([str(tmp_path / "app.log")])
    names = [path.name for path in stream.paths]
    assert names == ["app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log"]


def test_dated_files_come_before_the_live_one(tmp_path: Path) -> None:
    for name in ("app.log", "app.log-20260102", "app.log-20260101.gz"):
        (tmp_path / name).write_bytes(b"x\n")
    (stream,) = streams_of([str(tmp_path / "app.log")])
    names = [path.name for path in stream.paths]
    assert names == ["app.log-20260101.gz", "app.log-20260102", "app.log"]


def test_a_glob_finds_every_stream_once(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "b.log.1"):
        (tmp_path / name).write_bytes(b"x\n")
    streams = streams_of([str(tmp_path / "*.log"), str(tmp_path / "b.log")])
    assert [stream.name for stream in streams] == ["a.log", "b.log"]


def test_only_named_services_are_opened(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"x\n")
    sources = {"a": (str(tmp_path / "a.log"),), "b": (str(tmp_path / "b.log"),)}
    found = configured_streams(sources, ("a",))
    assert list(found) == ["a"]
    assert len(configured_streams(sources, ())["b"]) == 0


def test_a_window_in_a_large_file_is_found_without_reading_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"".join(_line(second) for second in range(60_000)))
    os.utime(path, (START.timestamp() + 60_000, START.timestamp() + 60_000))
    (stream,) = streams_of([str(path)])
    intake = Intake()
    query = LogQuery(start=START + timedelta(seconds=59_000))
    chunks = list(stream.chunks(query, START + timedelta(days=1), intake))
    lines = [line for chunk in chunks for line in chunk.lines]
    wanted = [_line(second).rstrip() for second in range(59_000, 60_000)]
    assert lines[-1000:] == wanted
    assert intake.n_lines < 30_000
    assert chunks[0].first_line_number + len(lines) == 60_001


def test_files_that_ended_before_the_window_are_not_read(tmp_path: Path) -> None:
    old, live = tmp_path / "app.log.1.gz", tmp_path / "app.log"
    old.write_bytes(gzip.compress(_line(0)))
    live.write_bytes(_line(90_000))
    os.utime(old, (START.timestamp(), START.timestamp()))
    os.utime(live, (START.timestamp() + 90_000, START.timestamp() + 90_000))
    (stream,) = streams_of([str(live)])
    intake = Intake()
    query = LogQuery(start=START + timedelta(seconds=80_000))
    chunks = list(stream.chunks(query, START + timedelta(days=2), intake))
    assert [chunk.source for chunk in chunks] == ["app.log"]


def test_an_unreadable_file_is_a_problem_not_an_end(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(_line(1))
    (stream,) = streams_of([str(tmp_path / "app.log")])
    (tmp_path / "app.log").unlink()
    intake = Intake()
    assert list(stream.chunks(LogQuery(), START, intake)) == []
    assert intake.problems == ["app.log: No such file or directory"]


def test_the_newest_time_of_a_stream_is_known(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(_line(5) + b"\tat somewhere\n")
    (stream,) = streams_of([str(path)])
    now = START + timedelta(days=1)
    assert stream.newest_second(now) == int(START.timestamp()) + 5
    assert TextStream(name="t", text="no time").newest_second(now) is None


def test_dates_before_the_extension_are_rotations_too(tmp_path: Path) -> None:
    names = ("app.2026-01-02.log", "app.log", "app.2026-01-01.1.log.gz", "app.2026-01-01.0.log.gz")
    for name in (*names, "app-server.log", "app-2.log"):
        (tmp_path / name).write_bytes(b"x\n")
    (stream,) = streams_of([str(tmp_path / "app.log")])
    found = [path.name for path in stream.paths]
    assert found == [names[3], names[2], names[0], names[1]]


def test_numbers_before_the_extension_need_a_live_file_to_be_rotations(tmp_path: Path) -> None:
    for name in ("app.log", "app.1.log", "app.2.log", "worker.1.log", "worker.2.log"):
        (tmp_path / name).write_bytes(b"x\n")
    streams = streams_of([str(tmp_path / "*.log")])
    found = {stream.name: [path.name for path in stream.paths] for stream in streams}
    assert found == {
        "app.log": ["app.2.log", "app.1.log", "app.log"],
        "worker.1.log": ["worker.1.log"],
        "worker.2.log": ["worker.2.log"],
    }


def test_a_clock_that_was_put_back_loses_no_line_of_the_window(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    ahead = b"".join(_line(second) for second in range(40_000, 70_000))
    put_back = b"".join(_line(second) for second in range(30_000, 50_000))
    path.write_bytes(ahead + put_back)
    os.utime(path, (START.timestamp() + 70_000, START.timestamp() + 70_000))
    (stream,) = streams_of([str(path)])
    query = LogQuery(start=START + timedelta(seconds=45_000))
    found = stream.chunks(query, START + timedelta(days=1), Intake())
    lines = [line for chunk in found for line in chunk.lines]
    for second in (45_000, 69_999):
        assert lines.count(_line(second).rstrip()) == 1 + (second < 50_000)


def test_a_rotated_zstd_file_is_read_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "app.log.1.zst").write_bytes(zstandard.compress(_line(1)))
    (tmp_path / "app.log").write_bytes(_line(2))
    (stream,) = streams_of([str(tmp_path / "app.log")])
    chunks = list(stream.chunks(LogQuery(), START, Intake()))
    assert [line for chunk in chunks for line in chunk.lines] == [
        _line(1).rstrip(),
        _line(2).rstrip(),
    ]


def test_a_file_that_nobody_wants_any_more_is_read_no_further(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("x" * 100 + "\n")
    with path.open("a") as file:
        file.writelines(f"line {number:080d}\n" for number in range(60_000))
    limits, intake = Limits(), Intake()
    (stream,) = streams_of([str(path)], limits=limits)
    chunks = stream.chunks(LogQuery(), START, intake)
    next(chunks)
    n_lines = intake.n_lines
    limits.stop.set()
    assert list(chunks) == []
    assert intake.n_lines == n_lines < 60_001
    assert intake.problems == ["app.log: reading was stopped"]


def test_looking_for_a_window_ends_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("\n".join(f"{START:%Y-%m-%dT%H:%M:%S}Z INFO x {n}" for n in range(50_000)))
    limits, intake = Limits(), Intake()
    limits.stop.set()
    stream = FileStream(name="app.log", paths=(path,), limits=limits)
    assert list(stream.chunks(LogQuery(start=START - timedelta(hours=1)), START, intake)) == []
    assert intake.problems == ["app.log: reading was stopped"]

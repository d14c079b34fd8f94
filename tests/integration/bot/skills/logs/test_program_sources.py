"""Journals, containers and pods, read through programs."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import LogQuery, Stream, stopped_after
from bot.skills.logs.sources.command import CommandStream
from bot.skills.logs.sources.docker import Docker
from bot.skills.logs.sources.journal import Journal
from bot.skills.logs.sources.kubectl import Kubectl
from bot.skills.logs.sources.limits import Limits

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = START + timedelta(days=1)
Script = Callable[[str], str]

DOCKER = """
[ "$1" = logs ] || exit 64
for name; do :; done
if [ "$name" != app-1 ]; then
  echo "Error response from daemon: No such container: $name" >&2; exit 1
fi
case "$*" in *--tail=1*) echo "2026-11-21T08:00:03.000000001Z bye"; exit 0;; esac
case "$*" in *--since=2026-11-21T10*) exit 0;; esac
echo "2026-11-21T08:00:00.000000001Z hello"
echo "2026-11-21T08:00:01.000000001Z ERROR no room" >&2
echo "2026-11-21T08:00:02.000000001Z   at a.b(C.java:1)" >&2
echo "2026-11-21T08:00:03.000000001Z bye"
"""

KUBECTL = """
for argument; do
  case "$argument" in
    --selector=app=none) echo "No resources found in shop namespace." >&2; exit 0;;
    --selector=app=fresh) fresh=1;;
    --previous) previous=1;;
  esac
done
echo 'Defaulted container "app" out of: app, proxy' >&2
if [ -n "$previous" ] && [ -n "$fresh" ]; then
  echo 'error: previous terminated container "app" in pod "checkout-1" not found'; exit 1
fi
if [ -n "$previous" ]; then
  echo "[pod/checkout-1/app] 2026-11-21T07:59:59.000000001Z FATAL out of memory"; exit 0
fi
echo "[pod/checkout-1/app] 2026-11-21T08:00:00.000000001Z hello"
echo "[pod/checkout-1/proxy] 2026-11-21T08:00:00.000000002Z GET / 200"
echo "[pod/checkout-2/app] 2026-11-21T08:00:00.000000001Z hello"
"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes an executable of shell commands."""

    def make(body: str) -> str:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    return make


def _read(stream: Stream, query: LogQuery | None = None) -> tuple[list[str], list[str], Intake]:
    intake = Intake()
    lines: list[str] = []
    sources: list[str] = []
    for chunk in stream.chunks(query or LogQuery(), NOW, intake):
        lines += [line.decode("utf-8", "replace") for line in chunk.lines]
        sources.append(chunk.source)
    return lines, sources, intake


def _is_gone(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def _await_gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while not _is_gone(pid):
        assert time.monotonic() < deadline, "the process outlived its reader"
        time.sleep(0.01)


def _await_file(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, "the program did not begin"
        time.sleep(0.01)


def _docker(program: str, container: str = "app-1") -> CommandStream:
    return CommandStream(name=container, program=Docker(container=container, program=program))


def _kubectl(program: str, target: str) -> CommandStream:
    return CommandStream(name="checkout", program=Kubectl(target=target, program=program))


def test_both_outputs_of_a_container_come_in_order(script: Script) -> None:
    stream = _docker(script(DOCKER))
    lines, sources, intake = _read(stream)
    assert lines == [
        "2026-11-21T08:00:00.000000001Z hello",
        "2026-11-21T08:00:01.000000001Z ERROR no room",
        "  at a.b(C.java:1)",
        "2026-11-21T08:00:03.000000001Z bye",
    ]
    assert (sources, intake.n_lines, intake.problems) == (["app-1"], 4, [])
    assert stream.newest_second(NOW) == int(START.timestamp()) + 3


def test_a_container_without_lines_is_no_problem(script: Script) -> None:
    query = LogQuery(start=START + timedelta(hours=2))
    lines, _, intake = _read(_docker(script(DOCKER)), query)
    assert (lines, intake.problems) == ([], [])


def test_an_unknown_container_is_said_in_dockers_words(script: Script) -> None:
    program = script(DOCKER)
    lines, _, intake = _read(_docker(program, "gone"))
    assert lines == []
    expected = (
        f"gone: {program} failed with status 1"
        " · Error response from daemon: No such container: gone (0 lines were read)"
    )
    assert intake.problems == [expected]


def test_pods_are_read_with_all_containers_and_those_that_ended(script: Script) -> None:
    lines, sources, intake = _read(_kubectl(script(KUBECTL), "app=checkout"))
    assert sources == [
        "checkout-1/app (previous)",
        "checkout-1/app",
        "checkout-1/proxy",
        "checkout-2/app",
    ]
    assert lines[0] == "2026-11-21T07:59:59.000000001Z FATAL out of memory"
    assert (intake.n_lines, intake.problems) == (4, [])


def test_a_pod_that_never_restarted_is_no_problem(script: Script) -> None:
    lines, _, intake = _read(_kubectl(script(KUBECTL), "app=fresh"))
    assert (len(lines), intake.problems) == (3, [])


def test_a_selector_without_pods_is_said_once(script: Script) -> None:
    lines, _, intake = _read(_kubectl(script(KUBECTL), "app=none"))
    assert lines == []
    (problem,) = intake.problems
    assert problem == "checkout: No resources found in shop namespace. (0 lines were read)"


def test_a_program_that_dies_half_way_keeps_what_it_gave(script: Script) -> None:
    body = 'echo "2026-11-21T08:00:00Z one"; echo "connection reset" >&2; kill -KILL $$'
    lines, _, intake = _read(_docker(script(body)))
    assert lines == ["2026-11-21T08:00:00Z one"]
    (problem,) = intake.problems
    assert "failed with status -9 · connection reset (1 line was read)" in problem


def test_a_program_that_hangs_is_ended_with_its_children(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(
        f'sleep 60 & echo $! > {pids}; echo $$ >> {pids}; echo "2026-11-21T08:00:00Z one"; wait'
    )
    stream = CommandStream(
        name="app", program=Docker(container="a", program=program), limits=Limits(silence_s=0.3)
    )
    lines, _, intake = _read(stream)
    assert lines == ["2026-11-21T08:00:00Z one"]
    assert "nothing was heard for 0.3 s" in intake.problems[0]
    for pid in pids.read_text().split():
        _await_gone(int(pid))


def test_closing_the_reader_ends_the_program(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(f'echo $$ > {pids}; while :; do echo "2026-11-21T08:00:00Z one"; done')
    chunks = _docker(program).chunks(LogQuery(), NOW, Intake())
    next(chunks)
    chunks.close()
    _await_gone(int(pids.read_text()))


def test_stopping_from_another_thread_ends_the_program(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stop = threading.Event()
    program = script(f"echo $$ > {pids}; exec sleep 60")
    stream = CommandStream(
        name="app", program=Docker(container="a", program=program), limits=Limits(stop=stop)
    )
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    _, _, intake = _read(stream)
    timer.join()
    assert "reading was stopped" in intake.problems[0]
    _await_gone(int(pids.read_text()))


async def test_a_cancelled_question_leaves_no_program(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(f"echo $$ > {pids}.new; mv {pids}.new {pids}; exec sleep 60")
    limits = Limits()
    stream = CommandStream(
        name="app", program=Docker(container="a", program=program), limits=limits
    )

    async def ask() -> None:
        with stopped_after(limits):
            await asyncio.to_thread(_read, stream)

    question = asyncio.create_task(ask())
    await asyncio.to_thread(_await_file, pids)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    await asyncio.to_thread(_await_gone, int(await asyncio.to_thread(pids.read_text)))


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    lines, _, intake = _read(_docker(str(tmp_path / "none")))
    assert lines == []
    assert "cannot be started: No such file or directory" in intake.problems[0]


def test_a_journal_that_ends_in_a_fault_keeps_what_it_gave(script: Script) -> None:
    record = '{"__REALTIME_TIMESTAMP":"1795248000000000","PRIORITY":"2","MESSAGE":"no room"}'
    program = script(f"echo '{record}'; echo 'Failed to iterate: Bad message' >&2; exit 1")
    stream = CommandStream(name="app", program=Journal(unit="app", program=program))
    lines, sources, intake = _read(stream)
    assert lines == ["2026-11-21T08:00:00.000000Z CRIT no room"]
    assert sources == ["app"]
    assert "Failed to iterate: Bad message (1 line was read)" in intake.problems[0]


JOURNAL_WRITERS = ("/lib/systemd/systemd-journal-remote", "/usr/lib/systemd/systemd-journal-remote")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Path]:
    """A folder with a journal in journald's own format."""
    writer = shutil.which("systemd-journal-remote") or next(
        (path for path in JOURNAL_WRITERS if os.access(path, os.X_OK)), None
    )
    if writer is None or shutil.which("journalctl") is None:
        pytest.skip("journalctl or systemd-journal-remote is not installed")
    entries = b""
    for second, (priority, message) in enumerate(
        [(6, b"hello"), (3, b"no room"), (6, b"two\nlines"), (6, b"\xff\xfe broken")]
    ):
        microseconds = (int(START.timestamp()) + second) * 1_000_000
        entries += (
            b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\nPRIORITY=%d\n"
            b"_BOOT_ID=0123456789abcdef0123456789abcdef\n_SYSTEMD_UNIT=checkout.service\n"
            b"SYSLOG_IDENTIFIER=checkout\n_PID=7\n_HOSTNAME=h1\nMESSAGE\n%b%b\n\n"
        ) % (microseconds, second, priority, len(message).to_bytes(8, "little"), message)
    folder = tmp_path / "journal"
    folder.mkdir()
    export = tmp_path / "export"
    export.write_bytes(entries)
    command = [writer, "-o", str(folder / "system.journal"), str(export)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    yield folder


def test_a_real_journal_is_read(journal: Path) -> None:
    program = Journal(unit="checkout.service", directory=journal)
    stream = CommandStream(name="checkout", program=program)
    lines, sources, intake = _read(stream)
    assert lines[:4] == [
        "2026-11-21T08:00:00.000000Z checkout[7]: hello",
        "2026-11-21T08:00:01.000000Z ERROR checkout[7]: no room",
        "2026-11-21T08:00:02.000000Z checkout[7]: two",
        "lines",
    ]
    assert intake.n_undecodable == 1
    assert (sources, intake.problems) == (["checkout.service"], [])
    assert stream.newest_second(NOW) == int(START.timestamp()) + 3


def test_a_real_journal_is_read_only_inside_the_window(journal: Path) -> None:
    program = Journal(unit="checkout.service", directory=journal)
    query = LogQuery(start=START + timedelta(seconds=1), end=START + timedelta(seconds=1.5))
    lines, _, _ = _read(CommandStream(name="checkout", program=program), query)
    assert lines == ["2026-11-21T08:00:01.000000Z ERROR checkout[7]: no room"]


def test_a_unit_without_entries_gives_no_lines_and_no_problem(journal: Path) -> None:
    program = Journal(unit="nothing.service", directory=journal)
    lines, _, intake = _read(CommandStream(name="x", program=program))
    assert (lines, intake.problems) == ([], [])


def test_a_journal_that_is_not_there_is_said_in_its_own_words(tmp_path: Path) -> None:
    if shutil.which("journalctl") is None:
        pytest.skip("journalctl is not installed")
    program = Journal(directory=tmp_path / "none")
    lines, _, intake = _read(CommandStream(name="x", program=program))
    assert lines == []
    assert "No such file or directory" in intake.problems[0]

"""What programs are asked for, and what their lines become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import LogQuery
from bot.skills.logs.sources.docker import Docker
from bot.skills.logs.sources.entry import Entry, entry_chunks, nanoseconds_of, stamp_of, stamped
from bot.skills.logs.sources.journal import Journal
from bot.skills.logs.sources.kubectl import Kubectl

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
END = datetime(2026, 11, 21, 9, tzinfo=UTC)
WINDOW = LogQuery(start=START, end=END)
MICROSECONDS = "1795248000123456"


def _journal(**fields: object) -> bytes:
    record: dict[str, object] = {
        "__REALTIME_TIMESTAMP": MICROSECONDS,
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "app",
        "_PID": "7",
        "MESSAGE": "ready",
    }
    return json.dumps(record | fields).encode()


def _text(entry: Entry | None) -> str:
    assert entry is not None
    return entry.text.decode()


def test_a_journal_entry_becomes_a_line_with_its_time_and_writer() -> None:
    entry = Journal(unit="app.service").entry(_journal())
    assert entry == Entry("app.service", b"2026-11-21T08:00:00.123456Z app[7]: ready")


@pytest.mark.parametrize(
    ("priority", "message", "expected"),
    [
        ("3", "no room", "ERROR app[7]: no room"),
        ("3", "WARN: no room", "app[7]: WARN: no room"),
        ("6", "ERROR no room", "app[7]: ERROR no room"),
        (None, "no room", "app[7]: no room"),
    ],
)
def test_a_priority_counts_where_the_message_states_no_level(
    priority: str | None, message: str, expected: str
) -> None:
    text = _text(Journal().entry(_journal(PRIORITY=priority, MESSAGE=message)))
    assert text == f"2026-11-21T08:00:00.123456Z {expected}"


def test_a_journal_message_of_bytes_or_of_several_values_is_kept() -> None:
    assert _text(Journal().entry(_journal(MESSAGE=[104, 105]))).endswith("app[7]: hi")
    assert _text(Journal().entry(_journal(MESSAGE=["one", "two"]))).endswith("app[7]: one")
    assert _text(Journal().entry(_journal(MESSAGE=None))).endswith("app[7]: ")


@pytest.mark.parametrize("line", [b"", b"Failed to open", b"[]", b'{"MESSAGE":"x"}'])
def test_what_is_no_journal_entry_is_a_note(line: bytes) -> None:
    assert Journal().entry(line) is None


def test_the_journal_is_asked_for_a_window_of_a_unit() -> None:
    (run,) = Journal(unit="app.service", directory=Path("/j")).runs(WINDOW)
    assert run.argv[0] == "journalctl"
    assert {"--unit=app.service", "--directory=/j", "--output=json"} <= set(run.argv)
    assert run.argv[-2:] == ("--since=@1795248000.000000", "--until=@1795251600.000000")


def test_docker_is_asked_for_a_window_and_its_lines_keep_their_time() -> None:
    docker = Docker(container="app-1")
    (run,) = docker.runs(WINDOW)
    assert run.argv == (
        "docker",
        "logs",
        "--timestamps",
        "--since=2026-11-21T08:00:00.000000Z",
        "--until=2026-11-21T09:00:00.000000Z",
        "app-1",
    )
    line = b"2026-11-21T08:00:00.123456789Z ERROR no room"
    assert docker.entry(line) == Entry("app-1", line)
    assert docker.entry(b"Error response from daemon: No such container: app-1") is None


def test_the_lines_of_a_stack_trace_get_no_time_of_their_own() -> None:
    lines = [
        b"2026-11-21T08:00:00.1Z ERROR failed",
        b"2026-11-21T08:00:00.2Z Traceback (most recent call last):",
        b'2026-11-21T08:00:00.3Z   File "a.py", line 1, in <module>',
        b"2026-11-21T08:00:00.4Z ",
    ]
    texts = [_text(Docker(container="a").entry(line)) for line in lines]
    assert texts == [
        "2026-11-21T08:00:00.1Z ERROR failed",
        "Traceback (most recent call last):",
        '  File "a.py", line 1, in <module>',
        "",
    ]


def test_a_json_line_stays_json_and_gets_its_time_and_level() -> None:
    line = stamped(b"2026-11-21T08:00:00Z", b'{"msg": "no room"}', b"ERROR")
    assert json.loads(line) == {
        "@timestamp": "2026-11-21T08:00:00Z",
        "level": "ERROR",
        "msg": "no room",
    }
    stating = stamped(b"2026-11-21T08:00:00Z", b'{"level":"warn"}', b"ERROR")
    assert json.loads(stating) == {"@timestamp": "2026-11-21T08:00:00Z", "level": "warn"}


def test_kubectl_is_asked_for_ended_containers_first() -> None:
    kubectl = Kubectl(target="app=checkout", namespace="shop", context="prod")
    ended, running = kubectl.runs(WINDOW)
    assert ended.may_fail
    assert not running.may_fail
    assert ended.argv == (*running.argv, "--previous")
    assert running.argv[:5] == (
        "kubectl",
        "--context=prod",
        "--namespace=shop",
        "logs",
        "--selector=app=checkout",
    )
    assert {"--all-containers=true", "--tail=-1", "--since-time=2026-11-21T08:00:00Z"} <= set(
        running.argv
    )
    assert "deployment/checkout" in Kubectl(target="deployment/checkout").newest_run().argv


def test_kubectl_lines_are_of_their_pod_and_container() -> None:
    line = b"[pod/checkout-6f/app] 2026-11-21T08:00:00.5Z no room"
    entry = Kubectl(target="x").entry(line)
    assert entry == Entry("checkout-6f/app", b"2026-11-21T08:00:00.5Z no room")
    assert Kubectl(target="x").entry(b"error: the server is down") is None


def test_chunks_count_lines_per_source_and_read_their_times() -> None:
    entries = [
        Entry("a", b"2026-11-21T08:00:00.5Z one\n  two"),
        Entry("b", b"2026-11-21T08:00:01.5Z three"),
        Entry("a", b"2026-11-21T08:00:02.5Z four"),
    ]
    intake = Intake()
    chunks = list(entry_chunks(entries, END, intake))
    found = [(chunk.source, chunk.first_line_number, len(chunk.lines)) for chunk in chunks]
    assert found == [("a", 1, 2), ("b", 1, 1), ("a", 3, 1)]
    assert intake.n_lines == 4
    stamps = chunks[2].stamps
    assert stamps is not None
    assert stamps.second_of(chunks[2].lines[0]) == int(START.timestamp()) + 2


def test_many_entries_come_in_bounded_chunks() -> None:
    entries = (Entry("a", stamp_of(number * 10**9) + b" x") for number in range(10_000))
    sizes = [len(chunk.lines) for chunk in entry_chunks(entries, END, Intake())]
    assert sum(sizes) == 10_000
    assert max(sizes) < 5000


def test_times_survive_being_counted_in_nanoseconds() -> None:
    at = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
    assert stamp_of(nanoseconds_of(at)) == b"2026-11-21T08:00:00.123456Z"

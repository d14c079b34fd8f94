"""Counting: every line once, memory bounded, traces joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.blocks import Intake
from bot.skills.logs.miner import Miner
from bot.skills.logs.profile import Profile
from bot.skills.logs.severity import Severity
from bot.skills.logs.sources import LogQuery, TextStream

START = datetime(2026, 11, 21, 8, tzinfo=UTC)


def _stamp(second: float) -> str:
    at = START + timedelta(seconds=second)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(second * 1000) % 1000:03d}Z"


def profile_of(text: str, **options: float | str) -> Profile:
    profile = Profile("app", Miner(), **options)  # pyright: ignore[reportArgumentType]
    for chunk in TextStream(name="app.log", text=text).chunks(LogQuery(), START, Intake()):
        profile.add(chunk)
    return profile


_MESSAGES = st.sampled_from(["INFO started", "ERROR pool exhausted", "\tat a.b(C.java)", "", "GET"])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**5), _MESSAGES), min_size=1))
def test_every_line_is_counted_exactly_once(lines: list[tuple[bool, int, str]]) -> None:
    text = "\n".join(f"{_stamp(at)} {what}" if stamped else what for stamped, at, what in lines)
    profile = profile_of(text)
    n_lines = len(text.removesuffix("\n").split("\n")) if text else 0
    assert profile.n_lines == n_lines
    assert sum(row.n_lines for row in profile.rows()) + profile.n_joined == n_lines


def test_lines_outside_the_window_are_not_counted() -> None:
    text = "\n".join(f"{_stamp(second)} INFO tick" for second in range(10))
    start = START.timestamp()
    profile = profile_of(text, start_second=start + 2, end_second=start + 5)
    assert profile.n_lines == 3
    (row,) = profile.rows()
    assert row.firsts[min(row.firsts)].line_number == 3


def test_only_lines_with_the_text_are_counted() -> None:
    profile = profile_of("INFO a\nERROR Pool gone\nINFO pool back", contains="pool")
    assert profile.n_lines == 2


def test_a_trace_belongs_to_its_record_and_its_exception_counts_itself() -> None:
    text = (
        f"{_stamp(1)} ERROR app request failed\n"
        "Traceback (most recent call last):\n"
        '  File "a.py", line 3, in f\n'
        "    return g(x)\n"
        "ValueError: no such order\n"
        f"{_stamp(2)} INFO app next\n"
    )
    profile = profile_of(text)
    patterns = {row.pattern: row for row in profile.rows()}
    assert set(patterns) == {"request failed", "ValueError: no such order", "next"}
    assert profile.n_joined == 3
    exception = patterns["ValueError: no such order"]
    assert exception.severity is Severity.ERROR
    assert exception.firsts[min(exception.firsts)].second == int(START.timestamp()) + 1


def test_ticks_double_instead_of_growing_in_number() -> None:
    text = "\n".join(f"{_stamp(second)} INFO tick" for second in range(0, 40_000, 10))
    profile = profile_of(text)
    (row,) = profile.rows()
    assert profile.tick_size == 64
    assert len(row.ticks) <= 1024
    assert row.n_lines == 4000
    assert row.firsts[min(row.firsts)].line_number == 1


def test_lines_without_times_have_their_order_for_time() -> None:
    profile = profile_of("\n".join(["INFO a"] * 3000 + ["ERROR b"]))
    assert not profile.has_times
    rows = {row.pattern: row for row in profile.rows()}
    assert min(rows["b"].ticks) == 3000 // profile.tick_size


def test_a_clock_that_goes_back_is_told() -> None:
    text = f"{_stamp(100)} INFO a\n{_stamp(50)} INFO a\n{_stamp(60)} INFO a"
    assert profile_of(text).n_backwards == 1


def test_statuses_are_rows_of_their_own_and_5xx_warns() -> None:
    text = "\n".join(f"{_stamp(i)} INFO app GET /health {s} 3 ms" for i, s in enumerate((200, 503)))
    rows = {row.value: row for row in profile_of(text).rows()}
    assert rows["200"].severity is Severity.INFO
    assert rows["503"].severity is Severity.WARN
    assert rows["503"].pattern == "GET /health 503 <n> ms"
    assert rows["200"].template_id == rows["503"].template_id


def test_a_value_with_many_values_is_no_dimension() -> None:
    text = "\n".join(f"INFO job exited with code {code}" for code in range(60))
    (row,) = profile_of(text).rows()
    assert row.n_lines == 60


def _counted(text: str, *, contains: str) -> tuple[object, ...]:
    """Profile of a text; a filter that lets everything through makes it count line by line."""
    profile = Profile("x", Miner(), contains=contains)
    profile.begin_stream()
    for chunk in TextStream(name="x", text=text).chunks(
        LogQuery(), datetime(2026, 4, 1, tzinfo=UTC), Intake()
    ):
        profile.add(chunk)
    rows = [(r.key, dict(r.ticks), dict(r.firsts), r.last_second) for r in profile.rows()]
    return rows, profile.n_lines, profile.tick_size, profile.last_seen_second, profile.n_backwards


@pytest.mark.parametrize("step_s", [0, 1, 7, 61])
def test_counting_a_chunk_at_once_is_counting_its_lines(step_s: int) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    stamps = [f"{start + timedelta(seconds=n * step_s):%Y-%m-%dT%H:%M:%SZ}" for n in range(900)]
    lines = [
        f"{stamp} WARN disk {n} slow at" if n % 7 == 0 else f"{stamp} GET /at/{n} {200 + n % 3} at"
        for n, stamp in enumerate(stamps)
    ]
    text = "\n".join(lines)
    assert _counted(text, contains="") == _counted(text, contains="at")


def test_lines_out_of_order_are_counted_one_by_one() -> None:
    seconds = [5, 9, 3, 4, 50, 2]
    text = "\n".join(f"2026-03-02T09:00:{second:02d}Z INFO at work" for second in seconds)
    assert _counted(text, contains="") == _counted(text, contains="at")
    assert _counted(text, contains="")[-1] == 2


def test_a_count_of_failures_is_grave_only_when_it_is_not_zero() -> None:
    text = "\n".join(f"run {n} of suite unit: {n % 4 // 3} failed, {n} passed" for n in range(40))
    found = {row.value: row.severity for row in profile_of(text).rows()}
    assert found == {"0": Severity.INFO, "1": Severity.ERROR}


def test_the_priority_of_a_syslog_line_is_its_severity() -> None:
    lines = [f"<{134 if n else 131}>1 {_stamp(n)} web app 7 - - state is {n}" for n in range(9)]
    rows = profile_of("\n".join(lines)).rows()
    assert {(row.severity, row.n_lines) for row in rows} == {
        (Severity.ERROR, 1),
        (Severity.INFO, 8),
    }

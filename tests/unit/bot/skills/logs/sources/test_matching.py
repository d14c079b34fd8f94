"""Time, level and text select lines of any stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.skills.logs.blocks import Intake
from bot.skills.logs.severity import Severity
from bot.skills.logs.sources import LogQuery, TextStream, matching

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
LOG = """\
2026-11-21 08:00:00.200 INFO begin
2026-11-21 08:00:01.200 ERROR failed
Traceback (most recent call last):
  File "a.py", line 1, in <module>
ValueError: no
2026-11-21 08:00:02.200 WARN slow
2026-11-21 08:00:03.200 INFO end
"""


def _numbers(query: LogQuery, log: str = LOG) -> list[int]:
    stream = TextStream(name="log", text=log)
    chunks = list(matching(stream.chunks(query, START, Intake()), query))
    assert all(chunk.block == b"\n".join(chunk.lines) for chunk in chunks)
    return [
        number
        for chunk in chunks
        for number, _ in enumerate(chunk.lines, start=chunk.first_line_number)
    ]


@pytest.mark.parametrize(
    ("start_s", "end_s", "numbers"),
    [
        (None, None, [1, 2, 3, 4, 5, 6, 7]),
        (0.5, 2.0, [2, 3, 4, 5]),
        (1.2, 1.2, []),
        (2.2, None, [6, 7]),
        (None, 1.0, [1]),
        (50.0, None, []),
    ],
)
def test_a_stack_trace_has_the_time_of_its_record(
    start_s: float | None, end_s: float | None, numbers: list[int]
) -> None:
    start = None if start_s is None else START + timedelta(seconds=start_s)
    end = None if end_s is None else START + timedelta(seconds=end_s)
    assert _numbers(LogQuery(start=start, end=end)) == numbers


@pytest.mark.parametrize(
    ("level", "numbers"),
    [
        (Severity.DEBUG, [1, 2, 3, 4, 5, 6, 7]),
        (Severity.WARN, [2, 3, 4, 5, 6]),
        (Severity.ERROR, [2, 3, 4, 5]),
        (Severity.FATAL, []),
    ],
)
def test_a_stack_trace_has_the_level_of_its_record(level: Severity, numbers: list[int]) -> None:
    assert _numbers(LogQuery(level=level)) == numbers


def test_a_text_is_looked_for_in_each_line_whatever_its_case() -> None:
    assert _numbers(LogQuery(contains="error")) == [2, 5]
    assert _numbers(LogQuery(contains="GR\u00dcN"), "gr\u00fcn\nrot\n") == [1]


def test_everything_asked_for_must_hold() -> None:
    query = LogQuery(start=START, level=Severity.ERROR, contains="failed")
    assert _numbers(query) == [2]


def test_a_stream_without_times_is_not_restricted_by_a_window() -> None:
    assert _numbers(LogQuery(start=START), "one\ntwo\n") == [1, 2]


def test_a_clock_that_goes_back_is_believed_line_by_line() -> None:
    log = "2026-11-21 08:00:05 a\n2026-11-21 07:59:59 b\n  more\n2026-11-21 08:00:06 c\n"
    assert _numbers(LogQuery(start=START), log) == [1, 4]

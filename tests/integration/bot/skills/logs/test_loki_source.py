"""Loki, spoken to over HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import LogQuery
from bot.skills.logs.sources.connection import Endpoint
from bot.skills.logs.sources.limits import Limits
from bot.skills.logs.sources.loki import Loki
from bot.skills.logs.sources.server import ServerStream

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = START + timedelta(hours=3)
HOUR = LogQuery(start=START, end=START + timedelta(hours=1))
LIMITS = Limits(retry_waits_s=(0.01, 0.01))
Row = tuple[int, str, str]
Serve = Callable[[Callable[[Any], tuple[int, Any]]], str]


def _ns(second: float) -> int:
    return int((START.timestamp() + second) * 1000) * 1_000_000


@dataclass
class FakeLoki:
    """Answers `query_range` as the server does: exclusive end, newest or oldest first, limited.

    Attributes:
        rows: Time in nanoseconds, pod, line.
        refusals: Answers given before the first real one.
    """

    rows: list[Row]
    refusals: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    fail_after: int | None = None
    calls: list[Any] = field(default_factory=list[Any])
    patterns: list[tuple[str, list[tuple[int, int]]]] | None = None
    pause_s: float = 0.0

    def __call__(self, call: Any) -> tuple[int, Any]:
        self.calls.append(call)
        time.sleep(self.pause_s)
        if call.path == "/loki/api/v1/patterns" and self.patterns is not None:
            found = [{"pattern": text, "samples": samples} for text, samples in self.patterns]
            return 200, {"status": "success", "data": found}
        if call.path != "/loki/api/v1/query_range":
            return 404, "404 page not found"
        if self.refusals:
            return self.refusals.pop(0)
        if self.fail_after is not None and len(self.calls) > self.fail_after:
            return 0, '{"status":'
        start, end = int(call.params["start"]), int(call.params["end"])
        text = re.search(r'\|~ "\(\?i\)(.*)"$', call.params["query"])
        pattern = text.group(1).replace("\\\\", "\\") if text else ""
        rows = sorted(row for row in self.rows if start <= row[0] < end)
        rows = [row for row in rows if re.search(pattern, row[2], re.IGNORECASE)]
        if call.params["direction"] == "backward":
            rows.reverse()
        rows = rows[: int(call.params["limit"])]
        pods = sorted({row[1] for row in rows})
        result = [
            {
                "stream": {"app": "checkout", "pod": pod, "detected_level": "error"},
                "values": [[str(at), line] for at, of, line in rows if of == pod],
            }
            for pod in pods
        ]
        data: dict[str, Any] = {"resultType": "streams", "result": result, "stats": {}}
        return 200, {"status": "success", "data": data}


def _stream(url: str, **options: Any) -> ServerStream:
    headers = {"X-Scope-OrgID": "shop", "Authorization": "Bearer secret"}
    return ServerStream(
        name="checkout",
        endpoint=Endpoint(url=url, headers=headers),
        api=Loki(selector='{app="checkout"}', **options),
        limits=LIMITS,
    )


def _read(stream: ServerStream, query: LogQuery = HOUR) -> tuple[list[str], Intake]:
    intake = Intake()
    chunks = stream.chunks(query, NOW, intake)
    return [line.decode() for chunk in chunks for line in chunk.lines], intake


def test_the_entries_of_all_streams_come_in_the_order_of_time(serve: Serve) -> None:
    loki = FakeLoki([(_ns(2), "b", "two"), (_ns(1), "a", "WARN one"), (_ns(3600), "a", "late")])
    lines, intake = _read(_stream(serve(loki)))
    assert lines == [
        "2026-11-21T08:00:01.000000Z WARN one",
        "2026-11-21T08:00:02.000000Z ERROR two",
    ]
    assert (intake.n_lines, intake.problems) == (2, [])
    (call,) = loki.calls
    assert (call.headers["x-scope-orgid"], call.headers["authorization"]) == (
        "shop",
        "Bearer secret",
    )
    assert (call.params["start"], call.params["direction"]) == (str(_ns(0)), "forward")


@pytest.mark.parametrize("page_lines", [7, 10, 50])
def test_pages_lose_nothing_and_repeat_nothing(serve: Serve, page_lines: int) -> None:
    rows = [(_ns(number // 5), f"pod-{number % 2}", f"line {number}") for number in range(103)]
    stream = _stream(serve(FakeLoki(rows)), page_lines=page_lines)
    lines, intake = _read(stream)
    assert sorted(int(line.split()[-1]) for line in lines) == list(range(103))
    assert lines == sorted(lines, key=lambda line: line.split()[0])
    assert (intake.n_lines, intake.problems) == (103, [])


def test_an_instant_that_fills_a_page_is_asked_for_with_a_larger_one(serve: Serve) -> None:
    rows = [(_ns(1), "a", f"line {number}") for number in range(30)] + [(_ns(2), "a", "line 30")]
    lines, intake = _read(_stream(serve(FakeLoki(rows)), page_lines=10, max_page_lines=50))
    assert sorted(int(line.split()[-1]) for line in lines) == list(range(31))
    assert intake.problems == []


def test_an_instant_that_fills_the_largest_page_is_said(serve: Serve) -> None:
    rows = [(_ns(1), "a", f"line {number}") for number in range(30)] + [(_ns(2), "a", "last")]
    lines, intake = _read(_stream(serve(FakeLoki(rows)), page_lines=10, max_page_lines=20))
    assert (len(lines), lines[-1][-4:]) == (21, "last")
    (problem,) = intake.problems
    assert "more than 20 lines have the time 2026-11-21T08:00:01.000000Z" in problem


def test_a_text_is_looked_for_by_the_server_whatever_its_signs(serve: Serve) -> None:
    loki = FakeLoki([(_ns(1), "a", 'No (room) in "b.c"'), (_ns(2), "a", "no room")])
    lines, _ = _read(_stream(serve(loki)), replace(HOUR, contains="no (ROOM)"))
    assert lines == ['2026-11-21T08:00:01.000000Z ERROR No (room) in "b.c"']
    assert loki.calls[0].params["query"] == '{app="checkout"} |~ "(?i)no \\\\(ROOM\\\\)"'


def test_nothing_found_is_no_lines_and_no_problem(serve: Serve) -> None:
    assert _read(_stream(serve(FakeLoki([]))))[1].problems == []


def test_a_server_that_disappears_half_way_keeps_what_it_gave(serve: Serve) -> None:
    rows = [(_ns(number), "a", f"line {number}") for number in range(100)]
    lines, intake = _read(_stream(serve(FakeLoki(rows, fail_after=3)), page_lines=11))
    assert [int(line.split()[-1]) for line in lines] == list(range(31))
    (problem,) = intake.problems
    assert problem.startswith("checkout: the server cannot be reached")
    assert problem.endswith(
        "(31 entries were read, those after 2026-11-21T08:00:30.000000Z are missing)"
    )


def test_the_last_time_is_said_when_a_stack_trace_was_last(serve: Serve) -> None:
    rows = [(_ns(0), "a", '{"msg":"failed"}'), (_ns(1), "a", "  at a.b"), (_ns(2), "a", "end")]
    _, intake = _read(_stream(serve(FakeLoki(rows, fail_after=1)), page_lines=2))
    assert "(2 entries were read, those after 2026-11-21T08:00:00.000000Z" in intake.problems[0]


def test_a_busy_server_is_asked_again(serve: Serve) -> None:
    busy = [(429, "too many outstanding requests"), (503, "")]
    lines, intake = _read(_stream(serve(FakeLoki([(_ns(1), "a", "one")], refusals=busy))))
    assert (len(lines), intake.problems) == (1, [])


def test_a_refusal_is_said_in_the_servers_words(serve: Serve) -> None:
    loki = FakeLoki([], refusals=[(400, "parse error at line 1, col 5: unexpected IDENTIFIER")])
    lines, intake = _read(_stream(serve(loki)))
    assert lines == []
    (problem,) = intake.problems
    assert "the server answered 400: parse error at line 1, col 5" in problem
    assert problem.endswith("(nothing was read)")
    assert len(loki.calls) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<html>hello</html>", "the server's answer is not that of Loki"),
        ({"status": "success", "data": {"resultType": "matrix", "result": []}}, "metric query"),
    ],
)
def test_what_is_no_list_of_lines_is_said(serve: Serve, answer: object, said: str) -> None:
    _, intake = _read(_stream(serve(lambda _: (200, answer))))
    assert said in intake.problems[0]


def test_no_server_is_said() -> None:
    _, intake = _read(_stream("http://127.0.0.1:9"))
    assert "cannot be reached" in intake.problems[0]


def test_a_stopped_reader_asks_no_more(serve: Serve) -> None:
    loki = FakeLoki([(_ns(number), "a", "x") for number in range(100)])
    stream = replace(_stream(serve(loki), page_lines=10), limits=Limits())
    intake = Intake()
    chunks = stream.chunks(HOUR, NOW, intake)
    stream.limits.stop.set()
    assert list(chunks) == []
    assert (loki.calls, len(intake.problems)) == ([], 1)


def test_without_a_beginning_the_last_day_is_read_and_that_is_said(serve: Serve) -> None:
    lines, intake = _read(_stream(serve(FakeLoki([(_ns(1), "a", "one")]))), LogQuery())
    assert len(lines) == 1
    assert intake.problems == ["checkout: only the last 24 hours were asked for"]


def test_the_newest_time_is_known(serve: Serve) -> None:
    loki = FakeLoki([(_ns(1), "a", "one"), (_ns(9), "b", "nine")])
    assert _stream(serve(loki)).newest_second(NOW) == int(START.timestamp()) + 9
    assert _stream(serve(FakeLoki([]))).newest_second(NOW) is None


def _slow(patterns: list[tuple[str, list[tuple[int, int]]]] | None) -> FakeLoki:
    """A server that gives some pages of 1,000 before the time is up."""
    rows = [(_ns(number), "a", f"line {number}") for number in range(1000)]
    return FakeLoki(rows, patterns=patterns, pause_s=0.02)


def _read_slowly(url: str, query: LogQuery = HOUR) -> tuple[list[str], Intake]:
    limits = Limits(total_s=0.15, retry_waits_s=())
    stream = ServerStream(
        name="checkout",
        endpoint=Endpoint(url=url),
        api=Loki(selector='{app="checkout", path="/{id}"} != "healthz"', page_lines=10),
        limits=limits,
    )
    return _read(stream, query)


def test_what_there_was_no_time_for_is_told_by_its_patterns(serve: Serve) -> None:
    late = int(START.timestamp()) + 900
    loki = _slow([
        ("GET <_> 200", [(late - 900, 5000), (late, 30)]),
        ("pool exhausted after <_>", [(late, 400), (late + 60, 300)]),
    ])  # fmt: skip
    lines, intake = _read_slowly(serve(loki))
    assert 0 < len(lines) < 900
    first, second = intake.problems
    assert "it took longer than 0.15 s" in first
    assert second == (
        "checkout: not read: about 730 lines of 2 patterns, mostly "
        "700 × pool exhausted after <_>, 30 × GET <_> 200"
    )
    assert intake.n_left_out == 730
    asked = loki.calls[-1].params
    assert asked["query"] == '{app="checkout", path="/{id}"}'
    assert int(asked["start"]) == _ns(len(lines) - 1)
    assert 30 <= int(asked["step"].removesuffix("s")) <= 36


@pytest.mark.parametrize("patterns", [None, []])
def test_a_loki_without_patterns_tells_where_reading_ended(
    serve: Serve, patterns: list[tuple[str, list[tuple[int, int]]]] | None
) -> None:
    lines, intake = _read_slowly(serve(_slow(patterns)))
    (problem,) = intake.problems
    assert f"({len(lines)} entries were read, those after " in problem
    assert intake.n_left_out == 0


def test_patterns_are_not_asked_for_when_a_text_is_looked_for(serve: Serve) -> None:
    loki = _slow([("line <_>", [(int(START.timestamp()) + 900, 7)])])
    _, intake = _read_slowly(serve(loki), replace(HOUR, contains="line"))
    assert len(intake.problems) == 1
    assert {call.path for call in loki.calls} == {"/loki/api/v1/query_range"}

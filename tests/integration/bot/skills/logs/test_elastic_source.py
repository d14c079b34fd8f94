"""Elasticsearch and OpenSearch, spoken to over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from bot.skills.logs.blocks import Intake
from bot.skills.logs.sources import LogQuery
from bot.skills.logs.sources.connection import Endpoint
from bot.skills.logs.sources.elastic import Elastic
from bot.skills.logs.sources.limits import Limits
from bot.skills.logs.sources.server import ServerStream

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = START + timedelta(hours=3)
HOUR = LogQuery(start=START, end=START + timedelta(hours=1))
Serve = Callable[[Callable[[Any], tuple[int, Any]]], str]
Flavour = Literal["elastic", "opensearch", "old"]
FLAVOURS: tuple[Flavour, ...] = ("elastic", "opensearch", "old")


def _ms(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)


@dataclass
class FakeElastic:
    """Answers `_search` as the servers do, with the tie-break of each kind.

    Attributes:
        docs: Sources; their time is `@timestamp`.
        flavour: "elastic" and "opensearch" have points in time, "old" has none.
    """

    docs: list[dict[str, Any]]
    flavour: Flavour = "elastic"
    fail_after: int | None = None
    failed_shards: int = 0
    open_pits: set[str] = field(default_factory=set[str])
    calls: list[Any] = field(default_factory=list[Any])

    def __call__(self, call: Any) -> tuple[int, Any]:
        self.calls.append(call)
        if call.path.endswith("/_pit") or call.path == "/_pit":
            return self._pit(call, "elastic", "id")
        if call.path.endswith("/_search/point_in_time"):
            return self._pit(call, "opensearch", "pit_id")
        pit = call.body.get("pit", {}).get("id")
        expected = "/_search" if pit else "/logs-*/_search"
        if call.path != expected or (pit and pit not in self.open_pits):
            return 404, {"error": {"type": "index_not_found_exception"}, "status": 404}
        if self.fail_after is not None and self._n_searches > self.fail_after:
            return 500, {"error": {"type": "circuit_breaking_exception"}, "status": 500}
        return 200, self._search(call.body, pit)

    @property
    def _n_searches(self) -> int:
        return sum("sort" in call.body for call in self.calls)

    def _pit(self, call: Any, flavour: Flavour, key: str) -> tuple[int, Any]:
        if self.flavour != flavour:
            return 405, {"error": "Incorrect HTTP method for uri", "status": 405}
        if call.method == "DELETE":
            named = call.body[key]
            self.open_pits.difference_update([named] if isinstance(named, str) else named)
            return 200, {"succeeded": True}
        assert call.params["keep_alive"]
        self.open_pits.add("p1")
        return 200, {key: "p1"}

    def _search(self, body: dict[str, Any], pit: str | None) -> dict[str, Any]:
        hits = self._matching(body["query"]["bool"]["filter"])
        order = body["sort"][0]["@timestamp"]["order"]
        for position, hit in hits:
            hit["sort"] = [_ms(hit["_source"]["@timestamp"])]
            if pit and self.flavour == "elastic":
                hit["sort"].append(4294967296 + position)
        hits.sort(key=lambda pair: (pair[1]["sort"], pair[0]), reverse=order == "desc")
        found = [hit for _, hit in hits]
        total = {"value": len(found), "relation": "eq"}
        if "search_after" in body:
            found = [hit for hit in found if hit["sort"] > body["search_after"]]
        answer: dict[str, Any] = {
            "took": 1,
            "timed_out": False,
            "_shards": {"total": 5, "successful": 5, "skipped": 0, "failed": self.failed_shards},
            "hits": {"hits": found[: body["size"]]},
        }
        if body.get("track_total_hits"):
            answer["hits"]["total"] = total
        return answer | ({"pit_id": pit} if pit else {})

    def _matching(self, filters: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
        low, high = 0, 1 << 60
        for each in filters:
            window = each.get("range", {}).get("@timestamp", {})
            low = _ms(window["gte"]) if "gte" in window else low
            high = _ms(window["lt"]) if "lt" in window else high
        return [
            (position, {"_index": "logs-1", "_id": f"d{position}", "_source": doc})
            for position, doc in enumerate(self.docs)
            if low <= _ms(doc["@timestamp"]) < high
        ]


def _doc(second: float, message: str, **fields: Any) -> dict[str, Any]:
    at = START + timedelta(seconds=second)
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    return {"@timestamp": stamp, "message": message, **fields}


def _read(
    url: str, query: LogQuery = HOUR, *, selector: str = "", **options: Any
) -> tuple[list[str], Intake]:
    stream = _stream(url, selector=selector, **options)
    intake = Intake()
    chunks = stream.chunks(query, NOW, intake)
    return [line.decode() for chunk in chunks for line in chunk.lines], intake


def _stream(url: str, **options: Any) -> ServerStream:
    return ServerStream(
        name="checkout",
        endpoint=Endpoint(url=url, headers={"Authorization": "ApiKey secret"}),
        api=Elastic(index="logs-*", **options),
        limits=Limits(retry_waits_s=(0.01,)),
    )


def test_documents_become_lines_with_time_level_and_message(serve: Serve) -> None:
    docs = [
        _doc(2, "no room", log={"level": "error"}),
        _doc(1, "WARN one", level="warning"),
        _doc(3, "three", **{"log.level": "info"}),
        {"@timestamp": "2026-11-21T08:00:04.000Z", "status": 200, "path": "/x"},
        _doc(3600, "late"),
    ]
    server = FakeElastic(docs)
    lines, intake = _read(serve(server), selector="service.name:checkout")
    assert lines == [
        "2026-11-21T08:00:01.000Z WARN one",
        "2026-11-21T08:00:02.000Z ERROR no room",
        "2026-11-21T08:00:03.000Z INFO three",
        "2026-11-21T08:00:04.000Z status=200 path=/x",
    ]
    assert (intake.n_lines, intake.problems) == (4, [])
    search = next(call for call in server.calls if "sort" in call.body)
    assert search.headers["authorization"] == "ApiKey secret"
    assert {"query_string": {"query": "service.name:checkout"}} in (
        search.body["query"]["bool"]["filter"]
    )


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("size", [7, 10, 50])
def test_pages_lose_nothing_and_repeat_nothing(serve: Serve, flavour: Flavour, size: int) -> None:
    docs = [_doc(number // 5, f"line {number}") for number in range(103)]
    server = FakeElastic(docs, flavour)
    lines, intake = _read(serve(server), page_lines=size)
    assert sorted(int(line.split()[-1]) for line in lines) == list(range(103))
    assert (intake.n_lines, intake.problems) == (103, [])
    assert server.open_pits == set()
    n_with_pit = sum("pit" in call.body for call in server.calls)
    assert (n_with_pit > 0) == (flavour != "old")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_instant_that_fills_a_page_is_read_whole(serve: Serve, flavour: Flavour) -> None:
    docs = [_doc(1, f"line {number}") for number in range(30)] + [_doc(2, "line 30")]
    lines, intake = _read(serve(FakeElastic(docs, flavour)), page_lines=10, max_page_lines=50)
    assert sorted(int(line.split()[-1]) for line in lines) == list(range(31))
    assert intake.problems == []


def test_an_instant_that_fills_the_largest_page_is_said(serve: Serve) -> None:
    docs = [_doc(1, f"line {number}") for number in range(30)] + [_doc(2, "last")]
    server = FakeElastic(docs, "old")
    lines, intake = _read(serve(server), page_lines=10, max_page_lines=20)
    assert (len(lines), lines[-1][-4:]) == (21, "last")
    (problem,) = intake.problems
    assert "more than 20 lines have the time 2026-11-21T08:00:01.000Z" in problem


def test_a_server_that_fails_half_way_says_how_much_is_missing(serve: Serve) -> None:
    docs = [_doc(number, f"line {number}") for number in range(100)]
    server = FakeElastic(docs, fail_after=3)
    lines, intake = _read(serve(server), page_lines=10)
    assert len(lines) == 30
    (problem,) = intake.problems
    assert "the server answered 500" in problem
    assert "30 of 100 entries were read, those after 2026-11-21T08:00:29.000Z" in problem
    assert intake.n_left_out == 70
    assert server.open_pits == set()


def test_shards_that_failed_are_said(serve: Serve) -> None:
    _, intake = _read(serve(FakeElastic([_doc(1, "one")], failed_shards=2)))
    assert intake.problems == ["checkout: 2 of 5 shards failed, lines are missing"]


def test_an_index_that_is_not_there_is_said(serve: Serve) -> None:
    missing = {"error": {"type": "index_not_found_exception"}, "status": 404}
    lines, intake = _read(serve(lambda _: (404, missing)))
    assert lines == []
    assert "index_not_found_exception" in intake.problems[0]


def test_nothing_found_is_no_lines_and_no_problem(serve: Serve) -> None:
    lines, intake = _read(serve(FakeElastic([])))
    assert (lines, intake.problems) == ([], [])


def test_a_reader_that_stops_early_leaves_no_point_in_time(serve: Serve) -> None:
    server = FakeElastic([_doc(number / 5, "x") for number in range(9000)])
    chunks = _stream(serve(server)).chunks(HOUR, NOW, Intake())
    next(chunks)
    assert server.open_pits == {"p1"}
    chunks.close()
    assert server.open_pits == set()


def test_the_newest_time_is_known(serve: Serve) -> None:
    server = FakeElastic([_doc(9, "nine"), _doc(1, "one")])
    assert _stream(serve(server)).newest_second(NOW) == int(START.timestamp()) + 9

"""Events out of bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.remote.errors import EndpointError
from inference.remote.sse import SseParser

STREAM = 'event: x\ndata: {"a": "é\u2028\x0c"}\r\n\r\n: comment\ndata:one\ndata: two\n\n\n'


@given(cuts=st.lists(st.integers(0, len(STREAM.encode())), max_size=12))
def test_events_do_not_depend_on_how_the_bytes_are_cut(cuts: list[int]) -> None:
    data, parser = STREAM.encode(), SseParser()
    edges = [0, *sorted(cuts), len(data)]
    found = [
        event
        for start, stop in itertools.pairwise(edges)
        for event in parser.feed(data[start:stop])
    ]
    assert found == ['{"a": "é\u2028\x0c"}', "one\ntwo"]


def test_an_endless_event_is_refused() -> None:
    with pytest.raises(EndpointError, match="larger than 4 MiB"):
        SseParser().feed(b"data: " + b"x" * (4 * 2**20))


def test_an_event_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(EndpointError, match="UTF-8"):
        SseParser().feed(b"data: \xff\n\n")

"""What the engine's process writes, in this process's log."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from inference.process.output import LogForwarder

RECORD = {"event": "generation_ended", "level": "warning", "timestamp": "x", "n_output": 3}
OUTPUT = f"{json.dumps(RECORD)}\n\nGGML_ASSERT(n > 0) failed: é\n".encode()


@given(cuts=st.lists(st.integers(0, len(OUTPUT)), max_size=8))
def test_records_keep_their_level_and_fields_however_the_output_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(OUTPUT)]
    with capture_logs() as logs:
        forwarder = LogForwarder(7)
        for index in range(len(edges) - 1):
            forwarder.feed(OUTPUT[edges[index] : edges[index + 1]])
    common = {"process": "engine", "engine_pid": 7, "log_level": "warning"}
    assert logs == [
        {"event": "generation_ended", "n_output": 3, **common},
        {"event": "engine_output", "line": "GGML_ASSERT(n > 0) failed: é", **common},
    ]
    assert forwarder.last_words == "GGML_ASSERT(n > 0) failed: é"


def test_output_without_a_newline_does_not_pile_up() -> None:
    with capture_logs() as logs:
        forwarder = LogForwarder(7)
        for _ in range(10):
            forwarder.feed(b"x" * 5_000)
        forwarder.close()
    lines = [str(record["line"]) for record in logs]
    assert sum(map(len, lines)) == 50_000
    assert max(map(len, lines)) <= 32_768


@pytest.mark.parametrize("line", [b"[1, 2]\n", b"3\n", b'"text"\n', b"\xff\xfe\n", b"{broken\n"])
def test_whatever_is_no_record_is_logged_as_text(line: bytes) -> None:
    with capture_logs() as logs:
        LogForwarder(7).feed(line)
    assert [record["event"] for record in logs] == ["engine_output"]

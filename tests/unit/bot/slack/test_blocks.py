"""Replies become valid, plain blocks."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from slack_sdk.models.blocks import Block

from bot.messages import (
    Change,
    Choice,
    Choices,
    Code,
    Excerpt,
    Finding,
    Findings,
    Heading,
    Note,
    Part,
    Passage,
    Passages,
    Phase,
    Prose,
    Quote,
    Reply,
)
from bot.slack.blocks import fallback_text, reply_blocks
from bot.workspace.blocks import checked_message_blocks

LONG = "word & <tag> " * 2000
AT = datetime(2026, 11, 21, 10, 2, 11, tzinfo=UTC)
PARTS: list[Part] = [
    Heading(text=LONG),
    Findings(
        rows=tuple(
            Finding(change=change, label="NEW", count=1204, template=LONG, since=AT)
            for change in Change
        )
    ),
    Quote(text=LONG, source="checkout.log", line_number=18204),
    Excerpt(source=LONG, lines=tuple((n, LONG) for n in range(9, 20)), marked=14),
    Prose(text=LONG, from_model=True),
    Code(language="promql", text=LONG, checks=("parsed as PromQL",)),
    Passages(
        rows=tuple(
            Passage(number=n, title=LONG, heading=LONG, path="a.md", lines=(1, 9), excerpt=LONG)
            for n in range(1, 6)
        )
    ),
    Note(text=LONG),
    Choices(options=tuple(Choice(label=LONG, action="x", value=LONG) for _ in range(9))),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_every_part_stays_within_slacks_limits(part: Part) -> None:
    for block in reply_blocks(Reply(parts=(part,), summary="s"), "r1"):
        Block.parse(block).to_dict()  # type: ignore[union-attr] # raises when over a limit
        assert len(json.dumps(block)) < 40_000


def test_many_parts_never_exceed_fifty_blocks() -> None:
    reply = Reply(
        parts=tuple(Quote(text="x", source="f", line_number=1) for _ in range(99)), summary="s"
    )
    assert len(reply_blocks(reply, "r1")) <= 50


def test_a_working_reply_says_what_goes_on_and_asks_for_no_verdict() -> None:
    reply = Reply(parts=(Prose(text="a"),), summary="s", phase=Phase.WORKING, status="explaining")
    text = json.dumps(reply_blocks(reply, "r1"))
    assert "explaining" in text
    assert "feedback" not in text


def test_a_finished_answer_asks_for_a_verdict_on_its_request() -> None:
    text = json.dumps(reply_blocks(Reply(parts=(Prose(text="a"),), summary="s"), "C1-2.3"))
    assert "good C1-2.3" in text
    assert "bad C1-2.3" in text


def test_the_fallback_text_is_never_empty_and_never_mentions() -> None:
    assert fallback_text(Reply(parts=(), summary=""))
    assert "<!channel>" not in fallback_text(Reply(parts=(), summary="<!channel>"))


def rows_of(*findings: Finding) -> list[list[str]]:
    (table,) = reply_blocks(
        Reply(parts=(Findings(rows=findings),), summary="s", phase=Phase.WORKING), "r1"
    )
    return [[json.dumps(cell, ensure_ascii=False) for cell in row] for row in table["rows"]]


def test_findings_are_one_table_with_a_row_each() -> None:
    found = Finding(change=Change.NEW, label="NEW", count=1204, template="no <n>", since=AT)
    head, row = rows_of(found)
    assert [title.split('"')[-2] for title in head] == ["#", "change", "lines", "message", "since"]
    assert "1,204" in row[2]
    assert "no <n>" in row[3]
    assert "10:02:11 UTC" in row[4]


def test_a_finding_without_time_or_service_leaves_no_cell_empty() -> None:
    timed = Finding(change=Change.GONE, label="GONE", count=0, template="", since=AT, service="db")
    rows = rows_of(timed, Finding(change=Change.STEADY, label="ERROR", count=1, template="x"))
    assert {len(row) for row in rows} == {6}
    assert not any('"text": ""' in cell for row in rows for cell in row)


def test_the_table_passes_the_rules_of_the_workspace() -> None:
    blocks = reply_blocks(Reply(parts=(PARTS[1],), summary="s"), "r1")
    assert checked_message_blocks(blocks)[0]["type"] == "table"


def test_an_excerpt_keeps_the_lines_next_to_the_marked_one_and_their_numbers() -> None:
    lines = tuple((n, f"line {n} <!channel> " + "x" * 400) for n in range(95, 106))
    (block, place) = reply_blocks(
        Reply(
            parts=(Excerpt(source="a.log", lines=lines, marked=100),),
            summary="s",
            phase=Phase.WORKING,
        ),
        "r1",
    )
    text = block["text"]["text"]
    assert "&gt;100  line 100 &lt;!channel&gt;" in text
    assert " 99  line 99" in text
    assert "line 95" not in text
    assert "a.log:95-105" in json.dumps(place)

"""Blocks are refused where Slack refuses them, with a place and a reason."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.blocks import checked_message_blocks, checked_view
from bot.workspace.errors import ApiError

Block = dict[str, Any]


def text(content: str, kind: str = "mrkdwn") -> Block:
    return {"type": kind, "text": content}


def section(content: str) -> Block:
    return {"type": "section", "text": text(content)}


def button(**changes: object) -> Block:
    return {"type": "button", "text": text("Go", "plain_text"), "action_id": "go", **changes}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


WRONG: dict[str, tuple[list[Block], str]] = {
    "a section above 3000 characters": ([section("x" * 3001)], "/blocks/0/text"),
    "an empty section": ([section("")], "/blocks/0/text/text"),
    "a section without text or fields": ([{"type": "section"}], "/blocks/0/text"),
    "a header in mrkdwn": ([{"type": "header", "text": text("Hi")}], "/blocks/0/text/type"),
    "a header above 150 characters": (
        [{"type": "header", "text": text("x" * 151, "plain_text")}],
        "/blocks/0/text/text",
    ),
    "an unknown type": ([section("ok"), {"type": "sparkle"}], "/blocks/1/type"),
    "a row of actions without elements": ([actions()], "/blocks/0/elements"),
    "a button value above 2000 characters": (
        [actions(button(value="x" * 2001))],
        "/blocks/0/elements/0/value",
    ),
    "a button style of its own": ([actions(button(style="green"))], "/elements/0/style"),
    "two equal action ids in a row": ([actions(button(), button())], "/blocks/0/elements/1"),
    "two equal block ids": (
        [{**section("a"), "block_id": "b"}, {**section("c"), "block_id": "b"}],
        "block_id",
    ),
    "a text field among actions": (
        [actions({"type": "plain_text_input", "action_id": "t"})],
        "/blocks/0/elements/0",
    ),
    "more than 25 elements": ([actions(*(button(action_id=str(n)) for n in range(26)))], "25"),
    "table without rows": ([{"type": "table", "rows": []}], "/blocks/0/rows"),
    "empty cell": (
        [{"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}],
        "/blocks/0/rows/0/0/text",
    ),
    "two tables": ([{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}] * 2, "table"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_blocks_are_refused_with_their_place(name: str) -> None:
    blocks, place = WRONG[name]
    with pytest.raises(ApiError) as refused:
        checked_message_blocks(blocks)
    assert refused.value.code == "invalid_blocks"
    assert place in " ".join(refused.value.messages)


def test_fifty_blocks_are_the_most() -> None:
    assert len(checked_message_blocks([section("x")] * 50)) == 50
    with pytest.raises(ApiError, match="invalid_blocks"):
        checked_message_blocks([section("x")] * 51)


def test_markdown_ends_at_twelve_thousand_characters_over_all_blocks() -> None:
    half: Block = {"type": "markdown", "text": "x" * 6000}
    assert len(checked_message_blocks([half, half])) == 2
    with pytest.raises(ApiError, match="msg_blocks_too_long"):
        checked_message_blocks([half, half, {"type": "markdown", "text": "y"}])


def test_all_texts_together_have_a_limit() -> None:
    with pytest.raises(ApiError, match="msg_blocks_too_long"):
        checked_message_blocks([section("x" * 2900)] * 5)


def test_something_else_than_a_list_is_a_format_error() -> None:
    with pytest.raises(ApiError, match="invalid_blocks_format"):
        checked_message_blocks({"type": "section"})


def test_missing_ids_are_filled_in_and_given_ones_kept() -> None:
    bare: Block = {"type": "button", "text": text("Go", "plain_text")}
    first, second = checked_message_blocks([actions(bare), {**section("x"), "block_id": "mine"}])
    assert first["block_id"]
    assert first["elements"][0]["action_id"]
    assert second["block_id"] == "mine"


USED: list[Block] = [
    {"type": "markdown", "text": "**hi**"},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]},
    {"type": "context", "elements": [text("small")]},
    {"type": "divider"},
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "fb",
                "positive_button": {"text": text("Good", "plain_text"), "value": "good"},
                "negative_button": {"text": text("Bad", "plain_text"), "value": "bad"},
            }
        ],
    },
]


@pytest.mark.parametrize("block", USED)
def test_what_the_bot_uses_is_accepted(block: Block) -> None:
    assert len(checked_message_blocks([block])) == 1


def modal(**changes: object) -> Block:
    entry: Block = {
        "type": "input",
        "block_id": "why",
        "label": text("Why", "plain_text"),
        "element": {"type": "plain_text_input", "action_id": "v"},
    }
    base: Block = {"type": "modal", "title": text("Reject", "plain_text"), "blocks": [entry]}
    return {**base, "submit": text("Send", "plain_text"), **changes}


def test_a_modal_with_inputs_needs_a_submit_button() -> None:
    assert checked_view(modal(), ("modal",))["blocks"]
    with pytest.raises(ApiError, match="invalid_arguments"):
        checked_view(modal(submit=None), ("modal",))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": text("x" * 25, "plain_text")},
        {"blocks": []},
        {"private_metadata": "x" * 3001},
        {"type": "home"},
        {"blocks": [{"type": "markdown", "text": "not in a modal"}]},
    ],
)
def test_wrong_modals_are_refused(changes: Block) -> None:
    with pytest.raises(ApiError):
        checked_view(modal(**changes), ("modal",))

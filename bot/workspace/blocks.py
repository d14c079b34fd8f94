"""Strict validation of what the bot wants shown, and the ids Slack fills in."""

from __future__ import annotations

import secrets

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SdkView

from .block_rules import complaints
from .errors import ApiError
from .json_values import JsonObject, is_array, is_object, objects, text_of

MESSAGE_BLOCK_LIMIT = 50
VIEW_BLOCK_LIMIT = 100
MARKDOWN_LIMIT = 12_000
TOTAL_LIMIT = 13_200

_EVERYWHERE = frozenset(
    {"section", "divider", "image", "actions", "context", "input", "header", "rich_text", "video"}
)
_MESSAGES = _EVERYWHERE | {
    "markdown",
    "table",
    "context_actions",
    "task_card",
    "plan",
    "alert",
    "file",
}


def checked_message_blocks(value: object) -> tuple[JsonObject, ...]:
    """Blocks of a message, validated, with missing ids filled in.

    Raises:
        ApiError: invalid_blocks_format, invalid_blocks or msg_blocks_too_long.
    """
    blocks = _checked(value, _MESSAGES, MESSAGE_BLOCK_LIMIT)
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise ApiError("invalid_blocks", "[ERROR] only one table is allowed in a message")
    markdown = sum(len(text_of(b)) for b in blocks if b["type"] == "markdown")
    if markdown > MARKDOWN_LIMIT or sum(map(_characters, blocks)) > TOTAL_LIMIT:
        raise ApiError("msg_blocks_too_long")
    return blocks


def checked_view(value: object, kinds: tuple[str, ...]) -> JsonObject:
    """A view, validated, with missing ids filled in.

    Args:
        value: The view as the bot sent it.
        kinds: View types the method accepts, for example ("modal",).

    Raises:
        ApiError: invalid_arguments or invalid_blocks.
    """
    if not is_object(value) or value.get("type") not in kinds:
        raise ApiError("invalid_arguments", f"[ERROR] view type must be {' or '.join(kinds)}")
    blocks = _checked(value.get("blocks"), _EVERYWHERE, VIEW_BLOCK_LIMIT)
    if not blocks:
        raise ApiError("invalid_arguments", "[ERROR] no less than 1 item allowed [/view/blocks]")
    has_input = any(block["type"] == "input" for block in blocks)
    if value["type"] == "modal" and not value.get("title"):
        raise ApiError("invalid_arguments", "[ERROR] missing required field: title")
    if value["type"] == "modal" and has_input and not value.get("submit"):
        raise ApiError("invalid_arguments", "[ERROR] submit is required with an input block")
    view: JsonObject = {**value, "blocks": list(blocks)}
    try:
        SdkView(**view).to_dict()  # pyright: ignore[reportUnknownMemberType]
    except (SlackObjectFormationError, TypeError, AttributeError) as exc:
        raise ApiError("invalid_arguments", f"[ERROR] {exc}") from exc
    return view


def _checked(value: object, allowed: frozenset[str], limit: int) -> tuple[JsonObject, ...]:
    if value is None:
        return ()
    if not is_array(value) or not all(is_object(block) for block in value):
        raise ApiError("invalid_blocks_format")
    blocks = objects(value)
    if len(blocks) > limit:
        raise ApiError("invalid_blocks", f"[ERROR] no more than {limit} items allowed")
    found = [
        f"[ERROR] {complaint} [json-pointer:/blocks/{index}{path}]"
        for index, block in enumerate(blocks)
        for path, complaint in _faults(block, allowed)
    ]
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(ids) != len(set(ids)):
        found.append("[ERROR] block_id already exists")
    if found:
        raise ApiError("invalid_blocks", *found)
    return tuple(_with_ids(block) for block in blocks)


def _faults(block: JsonObject, allowed: frozenset[str]) -> list[tuple[str, str]]:
    if block.get("type") not in allowed:
        return [("/type", f"unsupported type: {block.get('type')}")]
    found = list(complaints(block))
    if found:
        return found
    try:
        parsed = Block.parse(block)  # pyright: ignore[reportUnknownMemberType]
        if parsed is not None:
            parsed.to_dict()  # pyright: ignore[reportUnknownMemberType]
    except (SlackObjectFormationError, TypeError, AttributeError, ValueError) as exc:
        return [("", str(exc))]
    return []


def _characters(value: object) -> int:
    """Characters of all texts inside a block."""
    if is_object(value):
        own = value.get("text")
        here = len(own) if isinstance(own, str) else 0
        return here + sum(_characters(item) for item in value.values() if not isinstance(item, str))
    if is_array(value):
        return sum(_characters(item) for item in value)
    return 0


def _with_ids(block: JsonObject) -> JsonObject:
    filled = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)[:5]}
    if "elements" in block and block["type"] in {"actions", "context_actions"}:
        filled["elements"] = [_with_action_id(element) for element in objects(block["elements"])]
    for name in ("accessory", "element"):
        element = block.get(name)
        if is_object(element):
            filled[name] = _with_action_id(element)
    return filled


def _with_action_id(element: JsonObject) -> JsonObject:
    if element.get("type") in {"image", "plain_text", "mrkdwn"}:
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)[:5]}

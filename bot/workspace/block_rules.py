"""Limits of Block Kit that the SDK's own models do not check.

Every rule yields (path, complaint) pairs; the path is a JSON pointer inside one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from .json_values import JsonObject, is_array, is_object, objects

Complaint: TypeAlias = tuple[str, str]

_TEXT_LIMITS = {"section": 3000, "header": 150}
_BUTTON_VALUE_LIMIT = 2000
_BUTTON_TEXT_LIMIT = 75
_FIELD_LIMIT = 2000
_NAME_LIMIT = 255
_TABLE_ROWS = 100
_TABLE_COLUMNS = 20
_ELEMENTS = {
    "actions": {
        "button",
        "checkboxes",
        "datepicker",
        "overflow",
        "radio_buttons",
        "static_select",
        "users_select",
        "conversations_select",
        "channels_select",
    },
    "context": {"image", "plain_text", "mrkdwn"},
    "context_actions": {"feedback_buttons", "icon_button"},
}
_INPUTS = {
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "checkboxes",
    "radio_buttons",
    "static_select",
    "multi_static_select",
    "users_select",
    "datepicker",
    "timepicker",
}


def complaints(block: JsonObject) -> Iterator[Complaint]:
    """What is wrong with one block of a known type."""
    kind = block["type"]
    if kind == "section":
        yield from _section(block)
    elif kind == "header":
        yield from _text(block.get("text"), "/text", 150, ("plain_text",))
    elif kind == "markdown":
        if not block.get("text"):
            yield "/text", "must be more than 0 characters"
    elif kind == "input":
        yield from _input(block)
    elif kind == "table":
        yield from _table(block)
    elif kind in _ELEMENTS:
        yield from _elements(block, _ELEMENTS[kind])
    elif kind == "image" and not block.get("alt_text"):
        yield "/alt_text", "missing required field"


def _text(
    value: object, path: str, limit: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Iterator[Complaint]:
    if not is_object(value):
        yield path, "missing required field"
        return
    if value.get("type") not in kinds:
        yield f"{path}/type", f"must be one of {', '.join(kinds)}"
    text = value.get("text")
    if not isinstance(text, str) or not text:
        yield f"{path}/text", "must be more than 0 characters"
    elif len(text) > limit:
        yield f"{path}/text", f"must be less than {limit + 1} characters"


def _section(block: JsonObject) -> Iterator[Complaint]:
    fields = objects(block.get("fields"))
    if not fields or "text" in block:
        yield from _text(block.get("text"), "/text", _TEXT_LIMITS["section"])
    for index, field in enumerate(fields):
        yield from _text(field, f"/fields/{index}", _FIELD_LIMIT)
    accessory = block.get("accessory")
    if is_object(accessory):
        yield from _element(accessory, "/accessory")


def _elements(block: JsonObject, allowed: set[str]) -> Iterator[Complaint]:
    elements = objects(block.get("elements"))
    if not elements:
        yield "/elements", "no less than 1 item allowed"
    seen: set[str] = set()
    for index, element in enumerate(elements):
        path = f"/elements/{index}"
        if element.get("type") not in allowed:
            yield path, f"unsupported type: {element.get('type')}"
            continue
        yield from _element(element, path)
        action_id = element.get("action_id")
        if isinstance(action_id, str):
            if action_id in seen:
                yield path, f"`action_id` {action_id} already exists in this block"
            seen.add(action_id)


def _table(block: JsonObject) -> Iterator[Complaint]:
    rows = block.get("rows")
    if not is_array(rows) or not 1 <= len(rows) <= _TABLE_ROWS:
        yield "/rows", f"must have 1 to {_TABLE_ROWS} rows"
        return
    for index, row in enumerate(rows):
        if not is_array(row) or not 1 <= len(row) <= _TABLE_COLUMNS:
            yield f"/rows/{index}", f"must have 1 to {_TABLE_COLUMNS} cells"
            continue
        for column, cell in enumerate(row):
            yield from _cell(cell, f"/rows/{index}/{column}")


def _cell(cell: object, path: str) -> Iterator[Complaint]:
    if not is_object(cell) or cell.get("type") not in {"raw_text", "raw_number", "rich_text"}:
        yield path, "must be raw_text, raw_number or rich_text"
    elif cell["type"] == "raw_text" and not cell.get("text"):
        yield f"{path}/text", "must be more than 0 characters"
    elif cell["type"] == "rich_text" and not cell.get("elements"):
        yield f"{path}/elements", "no less than 1 item allowed"


def _element(element: JsonObject, path: str) -> Iterator[Complaint]:
    if len(str(element.get("action_id", ""))) > _NAME_LIMIT:
        yield f"{path}/action_id", f"must be less than {_NAME_LIMIT + 1} characters"
    kind = element.get("type")
    if kind in {"plain_text", "mrkdwn"}:
        yield from _text(element, path, _TEXT_LIMITS["section"])
    elif kind == "button":
        yield from _button(element, path)
    elif kind in {"static_select", "radio_buttons", "checkboxes", "overflow"}:
        yield from _options(element, path)


def _button(element: JsonObject, path: str) -> Iterator[Complaint]:
    yield from _text(element.get("text"), f"{path}/text", _BUTTON_TEXT_LIMIT, ("plain_text",))
    if len(str(element.get("value", ""))) > _BUTTON_VALUE_LIMIT:
        yield f"{path}/value", f"must be less than {_BUTTON_VALUE_LIMIT + 1} characters"
    if element.get("style") not in {None, "primary", "danger"}:
        yield f"{path}/style", "must be primary or danger"
    confirm = element.get("confirm")
    if is_object(confirm):
        yield from _text(confirm.get("text"), f"{path}/confirm/text", 300)


def _options(element: JsonObject, path: str) -> Iterator[Complaint]:
    options = objects(element.get("options"))
    for group in objects(element.get("option_groups")):
        options += objects(group.get("options"))
    if not options:
        yield f"{path}/options", "no less than 1 item allowed"
    for index, option in enumerate(options):
        yield from _text(option.get("text"), f"{path}/options/{index}/text", 75)


def _input(block: JsonObject) -> Iterator[Complaint]:
    yield from _text(block.get("label"), "/label", 2000, ("plain_text",))
    element = block.get("element")
    if not is_object(element) or element.get("type") not in _INPUTS:
        yield "/element", "unsupported or missing input element"
        return
    yield from _element(element, "/element")

"""The shape of what travels over the wire.

Slack's payloads are open JSON trees (blocks above all): they are stored and forwarded as they came,
so their leaves are `Any` here. What this server itself decides about is in `records.py`, typed.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

JsonObject: TypeAlias = dict[str, Any]


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a decoded JSON value is an array."""
    return isinstance(value, list)


def objects(value: object) -> list[JsonObject]:
    """The objects of a JSON array; empty when it is not one."""
    return [item for item in value if is_object(item)] if is_array(value) else []


def text_of(value: object) -> str:
    """The `text` of a text object, or the string itself; empty when there is none."""
    if is_object(value):
        value = value.get("text", "")
    return value if isinstance(value, str) else ""

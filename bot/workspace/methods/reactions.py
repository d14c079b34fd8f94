"""Reactions by the bot."""

from __future__ import annotations

from ..errors import ApiError
from ..json_values import JsonObject
from .call import Call, Method


def add(call: Call) -> JsonObject:
    """reactions.add."""
    message = call.message(call.joined_channel(), "timestamp")
    call.core.posting.react(message, _name(call), call.core.bot_user_id)
    return {}


def remove(call: Call) -> JsonObject:
    """reactions.remove."""
    message = call.message(call.joined_channel(), "timestamp")
    call.core.posting.unreact(message, _name(call), call.core.bot_user_id)
    return {}


def _name(call: Call) -> str:
    name = call.required("name", "invalid_name")
    if not all(letter.isalnum() or letter in "_+-':" for letter in name) or name != name.lower():
        raise ApiError("invalid_name")
    return name


METHODS: dict[str, Method] = {"reactions.add": add, "reactions.remove": remove}

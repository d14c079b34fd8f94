"""Reads the arguments of a Web API call, however the SDK encoded them."""

from __future__ import annotations

import json

from aiohttp import web

from .errors import ApiError
from .json_values import JsonObject, is_object

_JSON_ARGUMENTS = {
    "attachments",
    "blocks",
    "chunks",
    "files",
    "loading_messages",
    "metadata",
    "prompts",
    "view",
}


async def read_arguments(request: web.Request) -> JsonObject:
    """Merge the query and the body; strings that hold JSON are decoded.

    Raises:
        ApiError: invalid_json or invalid_form_data.
    """
    arguments: JsonObject = dict(request.query)
    if request.content_type == "application/json":
        arguments.update(_decoded_body(await request.text()))
    else:
        form = await request.post()
        arguments.update({key: value for key, value in form.items() if isinstance(value, str)})
    arguments.pop("token", None)
    return {name: _decoded(name, value) for name, value in arguments.items()}


def _decoded_body(text: str) -> JsonObject:
    if not text.strip():
        return {}
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ApiError("invalid_json") from exc
    if not is_object(value):
        raise ApiError("json_not_object")
    return value


def _decoded(name: str, value: object) -> object:
    if name not in _JSON_ARGUMENTS or not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as exc:
        error = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
        raise ApiError(error, f"[ERROR] {name} is not JSON") from exc

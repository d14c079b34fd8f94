"""A request's body: read within its limits, parsed, and held against what is known."""

from __future__ import annotations

import asyncio
import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn, TypeVar, cast

from aiohttp import web
from pydantic import BaseModel, ValidationError

from .errors import ApiError, invalid
from .neutral import NO_EFFECT, is_neutral

READ_TIMEOUT_S = 60.0
"""Time a client has to send its whole body."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_M = TypeVar("_M", bound=BaseModel)


async def read_as(request: web.Request, model: type[_M]) -> _M:
    """Read a JSON body as one of the wire's models.

    Raises:
        ApiError: It is too large or slow, not JSON, or not what the model describes.
    """
    fields = _parse(await _read(request))
    known = {name: value for name, value in fields.items() if name in model.model_fields}
    for name in fields.keys() - known.keys():
        _check_unknown(name, fields[name], model.model_fields)
    try:
        return model.model_validate(known)
    except ValidationError as exc:
        raise _first_fault(exc) from exc


async def _read(request: web.Request) -> bytes:
    """The body; only JSON, which a foreign page in a browser cannot send unasked."""
    if request.content_type != "application/json":
        message = f"send application/json, not {request.content_type}"
        raise ApiError(415, message, code="unsupported_media_type")
    limit = request.client_max_size
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as exc:
        raise _too_large(limit) from exc
    except TimeoutError as exc:
        message = f"the body did not arrive within {READ_TIMEOUT_S:g} s"
        raise ApiError(408, message, code="timeout") from exc


def _too_large(limit: int) -> ApiError:
    message = f"the request is too large: at most {limit} bytes are read"
    return ApiError(413, message, code="request_too_large")


def _parse(body: bytes) -> Mapping[str, object]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise invalid(
            f"the body is not UTF-8: byte {exc.start} is wrong", code="invalid_json"
        ) from exc
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        message = "the body has half of a surrogate pair, which is no character"
        raise invalid(message, code="invalid_json") from exc
    except (ValueError, RecursionError) as exc:
        raise invalid(f"the body is not JSON: {exc}", code="invalid_json") from exc
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object", code="invalid_json")
    return cast("Mapping[str, object]", value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _check_unknown(name: str, value: object, known: Iterable[str]) -> None:
    """Pass over what means nothing; refuse what would be ignored."""
    if name in NO_EFFECT or is_neutral(name, value):
        return
    if is_neutral(name, None):
        message = f"this {name} is not supported by this server; leave it out"
        raise invalid(message, param=name, code="unsupported_parameter")
    near = difflib.get_close_matches(name[:80], known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise invalid(f"unknown option {name[:80]!r}{hint}", param=name[:80], code="unknown_parameter")


def _first_fault(exc: ValidationError) -> ApiError:
    """The first of a body's faults, in a sentence that names the field."""
    fault = exc.errors(include_url=False, include_input=False)[0]
    where = ""
    for part in fault["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else part
    said = fault["msg"].removeprefix("Value error, ")
    return invalid(f"{where}: {said}" if where else said, param=where or None)

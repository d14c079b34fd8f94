"""One form of bytes for one value, so that a hash means the same today and after a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from typing import cast


def canonical(value: object) -> bytes:
    """Write a value as ASCII JSON with sorted keys and no spaces.

    Dataclasses carry their class name under `"is"`, so that two kinds of record with the same
    fields differ. Equal values give equal bytes; mappings may have any order.

    Raises:
        TypeError: The value holds something that has no such form (a set, bytes, a naive time).
        ValueError: A number is not finite.
    """
    text = json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return text.encode("ascii")


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, Mapping):
        return _plain_mapping(cast("Mapping[object, object]", value))
    if is_dataclass(value) and not isinstance(value, type):
        record = {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        return {"is": type(value).__name__, **record}
    return _plain_scalar(value)


def _plain_mapping(value: Mapping[object, object]) -> dict[str, object]:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("a canonical mapping has only text keys")
    return {str(key): _plain(item) for key, item in value.items()}


def _plain_scalar(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")

"""Reads this package's declared data: lists of records in YAML beside the code."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TypeAlias, cast

import yaml

from .errors import DeclarationError

Record: TypeAlias = Mapping[str, object]


def records_of(name: str) -> tuple[Record, ...]:
    """The records of one file.

    Raises:
        DeclarationError: The file is no list of mappings.
    """
    found: object = yaml.safe_load((files(__package__ or "") / name).read_text("utf-8"))
    if not isinstance(found, list):
        raise DeclarationError(f"{name} holds no list")
    entries = cast("list[object]", found)
    if not all(isinstance(each, dict) for each in entries):
        raise DeclarationError(f"{name} holds something else than records")
    return tuple(cast("list[Record]", entries))


def text_of(record: Record, field: str) -> str:
    """A text that must be there.

    Raises:
        DeclarationError: It is missing or no text.
    """
    value = record.get(field)
    if not isinstance(value, str) or not value:
        raise DeclarationError(f"{field!r} is missing in {dict(record)}")
    return value


def texts_of(record: Record, field: str) -> tuple[str, ...]:
    """A list of texts; empty when it is missing.

    Raises:
        DeclarationError: It is something else.
    """
    value = record.get(field, [])
    if not isinstance(value, list):
        raise DeclarationError(f"{field!r} is no list in {dict(record)}")
    entries = cast("list[object]", value)
    if not all(isinstance(each, str) for each in entries):
        raise DeclarationError(f"{field!r} holds something else than texts")
    return tuple(cast("list[str]", entries))


def number_of(record: Record, field: str, default: float) -> float:
    """A number; the default when it is missing.

    Raises:
        DeclarationError: It is something else.
    """
    value = record.get(field, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise DeclarationError(f"{field!r} is no number in {dict(record)}")
    return float(value)

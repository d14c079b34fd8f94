"""A file of questions: one JSON object a line, with one field that is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from .output import WRONG_USE, fail


def read_field(path: Path, field: str) -> list[str]:
    """One field of every line; ends the command with one sentence at the first fault."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        fail(f"{path} cannot be read: {exc}", WRONG_USE)
    return [
        _field_of(line, field, f"{path}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _field_of(line: str, field: str, place: str) -> str:
    try:
        record: object = json.loads(line)
    except ValueError:
        record = None
    value = cast("dict[str, object]", record).get(field) if isinstance(record, dict) else None
    if not isinstance(value, str):
        fail(f"{place}: expected a JSON object with the text field '{field}'", WRONG_USE)
    return value

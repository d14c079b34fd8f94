"""JSON, as RFC 8259 has it."""

from __future__ import annotations

import json
from typing import NoReturn

from ..verdict import Verdict

_TOOL = "the JSON parser"


async def check(code: str) -> Verdict:
    """Parse one document; duplicate keys and NaN are problems."""
    try:
        json.loads(code, parse_constant=_refuse, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    return Verdict(
        tool=_TOOL, checked=("parsed as JSON",), unchecked=("whether any program accepts it",)
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found

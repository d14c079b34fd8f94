"""A runbook with values as one text and back: what buttons and forms say to the skill. Pure.

A person could type the same. It proposes and nothing more, so it needs no secret: the runbook must
be one of the catalogue and every value one that its parameter allows, whoever wrote the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

MAX_CHARS = 1900
_ORDER = re.compile(r"use runbook ([a-z0-9]+(?:-[a-z0-9]+)*) with (\{.*\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRunbook:
    """Propose this runbook.

    Attributes:
        values: By parameter; others are looked for in `asked`.
        asked: What was asked at first, in the person's or the alert's own words.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    asked: str = ""


def order_text(order: UseRunbook) -> str:
    """The text that `read_order` reads as this order."""
    values = json.dumps(dict(order.values), ensure_ascii=False)
    return f"use runbook {order.name} with {values}\n{order.asked}".rstrip()


def button_value(order: UseRunbook) -> str:
    """The same within what a button holds.

    Of a long question the end is left out; values that do not fit are asked for in the form.
    """
    head = order_text(replace(order, asked=""))
    fits = order if len(head) <= MAX_CHARS else replace(order, values={})
    return order_text(fits)[:MAX_CHARS].rstrip()


def read_order(text: str) -> UseRunbook | None:
    """The order that a text is, or None when it is something else."""
    first, _, asked = text.strip().partition("\n")
    match = _ORDER.fullmatch(first.rstrip())
    values = _values(match.group(2)) if match else None
    if match is None or values is None:
        return None
    return UseRunbook(name=match.group(1), values=values, asked=asked.strip())


def _values(text: str) -> Mapping[str, str] | None:
    try:
        read: object = json.loads(text)
    except ValueError:
        return None
    if not isinstance(read, dict):
        return None
    values = cast("dict[str, object]", read)
    if not all(isinstance(value, str) for value in values.values()):
        return None
    return {name: str(value) for name, value in values.items()}

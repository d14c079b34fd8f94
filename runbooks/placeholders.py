"""`{{ name }}` and `{{ vars.name }}` inside one text of a runbook.

Braces that do not hold a plain word, such as a Go template's `{{.State.Status}}`, are ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_LOOKS_MEANT = re.compile(r"[A-Za-z_][\w.-]*")
_NAME = re.compile(r"(vars\.)?([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A reference to a parameter, or with `is_variable` to one of the operator's variables."""

    name: str
    is_variable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Braces that look like a placeholder but are not one."""

    text: str


def find(text: str) -> tuple[Placeholder | Malformed, ...]:
    """List what stands in double braces, in order, without ordinary text."""
    found = (_read(match) for match in _BRACES.finditer(text))
    return tuple(item for item in found if item is not None)


def fill(text: str, value_of: Callable[[Placeholder], str]) -> str:
    """Replace every placeholder once; what a value brings in is not looked at again.

    Args:
        text: A text in which `find` sees nothing malformed.
        value_of: Gives the words for a placeholder, or raises.
    """

    def replace(match: re.Match[str]) -> str:
        item = _read(match)
        return value_of(item) if isinstance(item, Placeholder) else match.group()

    return _BRACES.sub(replace, text)


def _read(match: re.Match[str]) -> Placeholder | Malformed | None:
    body = match.group(1).strip()
    if not _LOOKS_MEANT.fullmatch(body):
        return None
    name = _NAME.fullmatch(body)
    if name is None:
        return Malformed(text=match.group())
    return Placeholder(name=name.group(2), is_variable=name.group(1) is not None)

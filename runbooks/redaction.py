"""Secrets leave a text before anyone, or any model, reads it.

The patterns are in `secret_patterns.py`; this file only applies them until nothing more is found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import RedactionError
from .secret_patterns import MARK, PATTERNS

MAX_CHARS = 8_000_000
_MAX_ROUNDS = 5
_MIN_KNOWN_CHARS = 6
_HIDDEN = "secret"  # the group of each pattern that is replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text that may be shown.

    Attributes:
        n_redacted: How many values were replaced by `MARK`.
    """

    text: str
    n_redacted: int


def redact(text: str, known: Sequence[str] = ()) -> Redacted:
    """Replace every value that looks like a secret; applying it twice changes nothing more.

    Args:
        known: Secret values of this installation, hidden wherever they stand (those of at least
            six characters).

    Raises:
        RedactionError: The text could not be searched to the end; it must be withheld.
    """
    if len(text) > MAX_CHARS:
        raise RedactionError(f"a text of more than {MAX_CHARS} characters cannot be searched")
    total = 0
    try:
        for _ in range(_MAX_ROUNDS):
            text, n_replaced = _round(text, known)
            total += n_replaced
            if not n_replaced:
                return Redacted(text=text, n_redacted=total)
    except (TypeError, re.error, RecursionError, MemoryError) as exc:
        raise RedactionError("the text could not be searched for secrets") from exc
    raise RedactionError("the search for secrets in the text did not settle")


def _round(text: str, known: Sequence[str]) -> tuple[str, int]:
    total = 0
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= _MIN_KNOWN_CHARS and value not in MARK:
            total += text.count(value)
            text = text.replace(value, MARK)
    for pattern in PATTERNS:
        text, n_replaced = pattern.subn(_hide, text)
        total += n_replaced
    return text, total


def _hide(match: re.Match[str]) -> str:
    start, end = match.span(_HIDDEN)
    return match.string[match.start() : start] + MARK + match.string[end : match.end()]

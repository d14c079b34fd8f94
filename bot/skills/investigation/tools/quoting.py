"""Text from outside as one safe line: for people, and for models. Pure."""

from __future__ import annotations

from ....addressed import speaks_to_machines
from ...generation import as_data
from ...logs.clipping import safe_start

_MAX_CHARS = 200
WITHHELD = "(a text addressed to software)"


def one_line(text: str, max_chars: int = _MAX_CHARS) -> str:
    """A text in one line without secrets and backticks; one that gives orders to software is not
    repeated."""
    squeezed = " ".join(text.split())
    if speaks_to_machines(squeezed):
        return WITHHELD
    return as_data(safe_start(squeezed, max_chars)).replace("`", "'")

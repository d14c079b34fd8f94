"""The one code block in what the model wrote."""

from __future__ import annotations

import re

_OPENING = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^\n]*\n", re.MULTILINE)
_CLOSING = re.compile(r"^[ \t]*```[ \t]*$", re.MULTILINE)


def is_complete(answer: str) -> bool:
    """Whether a block was opened and closed: what follows is of no interest."""
    opening = _OPENING.search(answer)
    return opening is not None and _CLOSING.search(answer, opening.end()) is not None


def code_of(answer: str) -> str:
    """The first fenced block, closed or not; without any fence, the whole text.

    Returns:
        The code without surrounding blank lines; empty when there is none.
    """
    opening = _OPENING.search(answer)
    if opening is None:
        return answer.strip().strip("`").strip()
    closing = _CLOSING.search(answer, opening.end())
    end = closing.start() if closing else len(answer)
    return answer[opening.end() : end].strip("\n").rstrip()

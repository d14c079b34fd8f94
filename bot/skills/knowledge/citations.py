"""The [n] of an answer: which there are, and what stands before each. Pure."""

from __future__ import annotations

import re

_CODE = r"```.*?```|`[^`\n]*`"
_CITATION = re.compile(rf"{_CODE}|\[(\d{{1,2}})\]", re.DOTALL)  # brackets inside code are code
_LINE_MARK = re.compile(r"^\s*-\s+")


def cited_numbers(text: str) -> tuple[int, ...]:
    """The numbers in brackets, each once, in order."""
    return tuple(dict.fromkeys(int(number) for number in _CITATION.findall(text) if number))


def said_of(text: str, number: int) -> str:
    """Everything of an answer that cites one number, a line for each piece."""
    pieces: list[str] = []
    begin = 0
    for match in _CITATION.finditer(text):
        if match[1] is None:
            continue
        if int(match[1]) == number:
            pieces.append(_LINE_MARK.sub("", text[begin : match.start()].strip()))
        begin = match.end()
    return "\n".join(filter(None, pieces))

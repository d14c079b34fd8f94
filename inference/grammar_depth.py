"""How deep a grammar's brackets are nested, before native code has to follow them."""

from __future__ import annotations

MAX_DEPTH = 1024
"""llama.cpp's parser calls itself once per bracket; some ten thousand overflow its stack."""

_CLOSES = {'"': '"', "[": "]", "#": "\n"}


def checked_depth(grammar: str) -> str:
    """Return a grammar that native code can parse without overflowing its stack.

    Raises:
        ValueError: Its brackets are nested too deep.
    """
    depth, closing, is_escaped = 0, "", False
    for character in grammar:
        if is_escaped:
            is_escaped = False
        elif closing:
            is_escaped = character == "\\" and closing != "\n"
            closing = "" if character == closing else closing
        elif character in _CLOSES:
            closing = _CLOSES[character]
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth > MAX_DEPTH:
                raise ValueError(f"the grammar's brackets are nested deeper than {MAX_DEPTH}")
    return grammar

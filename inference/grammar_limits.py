"""What a grammar may demand of native code: how deep it nests, how much it grows by repetition."""

from __future__ import annotations

import re

MAX_DEPTH = 1024
"""llama.cpp's parser calls itself once per bracket; some ten thousand overflow its stack."""

MAX_REPEATED = 1_000_000
"""llama.cpp writes out what is repeated, at some 20 bytes for each character of it."""

_CLOSES = {'"': '"', "[": "]", "#": "\n"}
_COUNTS = re.compile(r"\{\s*(\d{0,9})\s*,?\s*(\d{0,9})\s*\}")


def checked_grammar(grammar: str) -> str:
    """Return a grammar that native code can parse within bounds.

    Raises:
        ValueError: Its brackets are nested too deep, or its repetitions are too large.
    """
    depth = n_repeated = item_began = item_size = 0
    closing, is_escaped = "", False
    for at, character in enumerate(grammar):
        if is_escaped:
            is_escaped = False
        elif closing:
            is_escaped = character == "\\" and closing in '"]'
            if character == closing:
                item_size = at - item_began if closing in '"]' else item_size
                closing = ""
        elif character in _CLOSES:
            closing, item_began = _CLOSES[character], at
        elif character == "{":
            # NOTE: what was repeated can be repeated again.
            item_size *= max(1, _most_repeats(grammar, at))
            n_repeated, closing = n_repeated + item_size, "}"
        elif not character.isspace():
            # NOTE: a bracketed part and a rule's name are copied as one reference.
            item_size = 1
            depth += (character == "(") - (character == ")")
        if depth > MAX_DEPTH:
            raise ValueError(f"the grammar's brackets are nested deeper than {MAX_DEPTH}")
        if n_repeated > MAX_REPEATED:
            raise ValueError(f"the grammar repeats more than {MAX_REPEATED:,} characters")
    return grammar


def _most_repeats(grammar: str, at: int) -> int:
    """The larger bound of the `{...}` that begins here; 0 when it is none."""
    counts = _COUNTS.match(grammar, at)
    return max(int(count or 0) for count in counts.groups()) if counts is not None else 0

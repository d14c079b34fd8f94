"""Token counts without a tokenizer."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]")


def estimate_tokens(text: str) -> int:
    """About how many WordPiece tokens a text has, without the tokenizer (within about 10 %)."""
    return sum(
        1 if len(word) < 2 or not word.isalpha() or not word.isascii() else 1 + (len(word) - 1) // 7
        for word in _WORD.findall(text)
    )

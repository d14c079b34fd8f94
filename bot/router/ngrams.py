"""What a short text is written with: its shape, words, pairs of words, runs of characters.

Knows no language, so it also works for those that the embedding model has never learned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from .shape import shapes

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_N_CHARS = (3, 4)
_SHAPE_COUNT = 3
_MAX_WORD = 40


def features(text: str) -> Counter[str]:
    """What a text consists of; a word's end does not count when it is very long."""
    found = Counter({f"s:{shape}": _SHAPE_COUNT for shape in shapes(text)})
    words = [word[:_MAX_WORD] for word in _WORD.findall(text.lower())]
    found.update(f"w:{word}" for word in words)
    found.update(f"p:{first} {second}" for first, second in pairwise(words))
    for word in words:
        found.update(_runs(word))
    return found


def _runs(word: str) -> Iterable[str]:
    if _CJK.search(word):
        yield from (f"c:{character}" for character in word)
        yield from (f"c:{word[i : i + 2]}" for i in range(len(word) - 1))
        yield from (f"c:{word[i : i + 3]}" for i in range(len(word) - 2))
        return
    padded = f"<{word}>"
    for n in _N_CHARS:
        yield from (f"c:{padded[i : i + n]}" for i in range(len(padded) - n + 1))

"""What a short text is written with: its shape, concepts, words, pairs of them, runs of characters.

Needs no embedding model, so it also works for the languages that one has never learned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from .concepts import concepts
from .shape import shapes

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_N_CHARS = (3, 4)
_SHAPE_COUNT = 3
_CONCEPT_COUNT = 4
_PAIR_COUNT = 2
_MAX_WORD = 40


def features(text: str) -> Counter[str]:
    """What a text consists of; a word's end does not count when it is very long."""
    found = Counter({f"s:{shape}": _SHAPE_COUNT for shape in shapes(text)})
    found.update(_of_concepts(concepts(text)))
    words = [word[:_MAX_WORD] for word in _WORD.findall(text.lower())]
    found.update(f"w:{word}" for word in words)
    found.update(f"p:{first} {second}" for first, second in pairwise(words))
    found.update({f"o:{' '.join(words[:2])}": _PAIR_COUNT})
    for word in words:
        found.update(_runs(word))
    return found


def _of_concepts(named: tuple[str, ...]) -> Counter[str]:
    """Each concept, which of them follows which, and which comes first."""
    found = Counter({f"k:{name}": _CONCEPT_COUNT for name in named})
    pairs = (*pairwise(named), *zip(named, named[2:], strict=False))
    found.update({f"q:{first} {second}": _PAIR_COUNT for first, second in pairs})
    if named:
        found.update({f"k1:{named[0]}": _CONCEPT_COUNT})
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

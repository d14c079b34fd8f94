"""Similarity of short texts by what they are written with: shape, words, runs of characters.

Knows no language, so it also works for those that the embedding model has never learned.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .shape import shapes

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_N_CHARS = (3, 4)
_SHAPE_COUNT = 3
_MAX_CHARS = 2000


def features(text: str) -> Counter[str]:
    """What a text consists of; only its beginning counts when it is long."""
    text = text[:_MAX_CHARS]
    found = Counter({f"s:{shape}": _SHAPE_COUNT for shape in shapes(text)})
    words = _WORD.findall(text.lower())
    found.update(f"w:{word}" for word in words)
    found.update(f"p:{first} {second}" for first, second in pairwise(words))
    for word in words:
        found.update(_runs(word))
    return found


def _runs(word: str) -> Iterable[str]:
    if _CJK.search(word):
        yield from (f"c:{character}" for character in word)
        yield from (f"c:{word[i : i + 2]}" for i in range(len(word) - 1))
        return
    padded = f"<{word}>"
    for n in _N_CHARS:
        yield from (f"c:{padded[i : i + n]}" for i in range(len(padded) - n + 1))


class NgramSpace:
    """Vectors over the features of some texts; what is rare among those texts counts more.

    Attributes:
        matrix: The texts' own vectors, shape (n_texts, n_features), rows L2-normalised.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [features(text) for text in texts]
        n_texts_with = Counter(feature for count in counts for feature in count)
        self._columns = {feature: column for column, feature in enumerate(n_texts_with)}
        n_with = np.fromiter(n_texts_with.values(), dtype=np.float32)
        self._idf: NDArray[np.float32] = np.log(1 + len(texts) / n_with).astype(np.float32)
        self.matrix: NDArray[np.float32] = np.stack([self._vector(count) for count in counts])

    def vector(self, text: str) -> NDArray[np.float32]:
        """One text, shape (n_features,), L2-normalised; all zero when nothing of it is known."""
        return self._vector(features(text))

    def _vector(self, counts: Counter[str]) -> NDArray[np.float32]:
        vector = np.zeros(len(self._columns), dtype=np.float32)
        for feature, count in counts.items():
            column = self._columns.get(feature)
            if column is not None:
                vector[column] = (1 + math.log(count)) * self._idf[column]
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector

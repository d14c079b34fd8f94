"""Messages as the matrices of a regression: sparse by buckets, dense by meaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..hashing import N_BUCKETS, buckets

_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a fit sees.

    Attributes:
        row, column, value: The sparse features, one entry each, ordered by message.
        dense: Meaning, shape (n_dimensions, n_messages); no rows where it does not count.
        hard: One-hot labels, shape (n_intents, n_messages).
        soft: The teacher's shares, likewise.
        share: How much each message counts; adds up to 1.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    value: NDArray[np.float64]
    dense: NDArray[np.float64]
    hard: NDArray[np.float64]
    soft: NDArray[np.float64]
    share: NDArray[np.float64]
    n_buckets: int = N_BUCKETS

    @property
    def n_messages(self) -> int:
        """How many there are."""
        return len(self.share)

    def spread(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Features times the weights of one intent, shape (n_messages,)."""
        weighed = self.value * weights[self.column]
        total = np.bincount(self.row, weights=weighed, minlength=self.n_messages)
        return total.astype(np.float64)

    def gather(self, slope: NDArray[np.float64]) -> NDArray[np.float64]:
        """The transposed product: what each bucket takes from the messages' slopes."""
        weighed = self.value * slope[self.row]
        total = np.bincount(self.column, weights=weighed, minlength=self.n_buckets)
        return total.astype(np.float64)

    def spread_dense(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Meaning times the weights of one intent, shape (n_messages,)."""
        total = np.zeros(self.n_messages)
        for weight, values in zip(weights, self.dense, strict=True):
            total += weight * values
        return total

    def gather_dense(self, slope: NDArray[np.float64]) -> NDArray[np.float64]:
        """The transposed product of meaning, shape (n_dimensions,)."""
        if not len(self.dense):
            return np.zeros(0)
        total = np.zeros(len(self.dense))
        for start in range(0, self.n_messages, _CHUNK):
            part = self.dense[:, start : start + _CHUNK] * slope[start : start + _CHUNK]
            total += np.cumsum(part, axis=1)[:, -1]
        return total


_CHUNK = 1024


def rarity(counted: Sequence[dict[int, float]]) -> NDArray[np.float64]:
    """What a bucket is worth, shape (N_BUCKETS,): more when few of the messages have it."""
    n_with = Counter(bucket for found in counted for bucket in found)
    worth = np.zeros(N_BUCKETS)
    for bucket, n in n_with.items():
        worth[bucket] = round(math.log(1 + len(counted) / n), _DIGITS)
    return worth


def sparse_parts(
    counted: Sequence[dict[int, float]], worth: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Row, column and value of each feature; the features of a message have length 1 together."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for number, found in enumerate(counted):
        weighed = [(bucket, weight * float(worth[bucket])) for bucket, weight in found.items()]
        length = math.sqrt(math.fsum(weight * weight for _, weight in weighed))
        for bucket, weight in weighed:
            if weight:
                rows.append(number)
                columns.append(bucket)
                values.append(weight / length)
    return np.array(rows), np.array(columns), np.array(values)


def count_features(texts: Sequence[str]) -> list[dict[int, float]]:
    """The buckets of each text."""
    return [buckets(text) for text in texts]

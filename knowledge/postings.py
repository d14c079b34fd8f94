"""Which rows hold which term how often: arrays that are built once, patched cheaply, and mapped."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import IndexCorruptError

_ARRAYS = ("pointers", "rows", "counts", "lengths")
_VOCABULARY = "vocabulary.txt"
_MOST = 65535


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows and counts of term number t: `[pointers[t] : pointers[t + 1]]` of both, rows ascending.

    Attributes:
        vocabulary: Term to its number, in the order of the numbers.
        lengths: Terms of each row; 0 for a row without any, or one that is no longer used.
    """

    vocabulary: dict[str, int]
    pointers: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]

    def span(self, term: str) -> slice:
        """Where the rows of a term are; empty for a term no row holds."""
        number = self.vocabulary.get(term)
        if number is None:
            return slice(0, 0)
        return slice(int(self.pointers[number]), int(self.pointers[number + 1]))

    def patched(self, gone: Sequence[range], fresh: Iterable[Sequence[str]]) -> Postings:
        """These postings without some rows and with others after the last.

        Args:
            gone: Rows to leave out.
            fresh: Terms of the rows to add, in their order.
        """
        added = _added(dict(self.vocabulary), len(self.lengths), fresh)
        n_terms = len(added.vocabulary)
        sizes = np.zeros(n_terms, dtype=np.int64)
        sizes[: len(self.vocabulary)] = np.diff(self.pointers)
        lengths = np.concatenate((self.lengths, added.lengths))
        rows, counts, pointers = self.rows, self.counts, _pointers(sizes)
        if gone:
            dead = np.zeros(len(lengths), dtype=np.bool_)
            for span in gone:
                dead[span.start : span.stop] = True
            lengths[dead] = 0
            kept = ~dead[rows]
            sizes -= np.bincount(_terms_of(pointers)[~kept], minlength=n_terms)
            rows, counts, pointers = rows[kept], counts[kept], _pointers(sizes)
        order = np.argsort(added.terms, kind="stable")
        places = pointers[added.terms[order] + 1]
        sizes += np.bincount(added.terms, minlength=n_terms)
        return Postings(
            added.vocabulary,
            _pointers(sizes),
            np.insert(rows, places, added.rows[order]),
            np.insert(counts, places, added.counts[order]),
            lengths,
        )

    def save(self, directory: Path) -> None:
        """Write them into a folder, which is made."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(directory / f"{name}.npy", getattr(self, name))
        (directory / _VOCABULARY).write_text("\n".join(self.vocabulary), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Postings:
        """Open saved postings; the arrays stay on disk, memory-mapped.

        Raises:
            IndexCorruptError: Files are missing or damaged.
        """
        try:
            arrays = [mapped(directory / f"{name}.npy") for name in _ARRAYS]
            text = (directory / _VOCABULARY).read_text(encoding="utf-8")
        except (OSError, ValueError, EOFError) as exc:
            raise IndexCorruptError(directory, f"lexical part: {exc}") from exc
        words = text.split("\n") if text else []
        found = cls({word: number for number, word in enumerate(words)}, *arrays)
        sound = len(found.pointers) == len(words) + 1 and len(found.rows) == len(found.counts)
        if not sound or found.pointers[-1] != len(found.rows):
            raise IndexCorruptError(directory, "lexical part: its files do not fit together")
        return found


def mapped(file: Path) -> NDArray[Any]:
    """A saved array that stays on disk. As a plain array: slices of `np.memmap` cost ten times more."""
    return np.asarray(np.load(file, mmap_mode="r"))


def build_postings(texts: Iterable[Sequence[str]]) -> Postings:
    """Postings of rows from 0, given as their terms."""
    none = np.zeros(0, dtype=np.int32)
    start = np.zeros(1, dtype=np.int64)
    return Postings({}, start, none, none.astype(np.uint16), none).patched((), texts)


@dataclass(frozen=True, slots=True)
class _Added:
    vocabulary: dict[str, int]
    terms: NDArray[np.int32]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]


def _added(vocabulary: dict[str, int], n_rows: int, fresh: Iterable[Sequence[str]]) -> _Added:
    numbers, counts, sizes, lengths = array("i"), array("H"), array("i"), array("i")
    for its in fresh:
        held = Counter(its)
        numbers.extend(vocabulary.setdefault(term, len(vocabulary)) for term in held)
        counts.extend(min(n, _MOST) for n in held.values())
        sizes.append(len(held))
        lengths.append(len(its))
    rows = np.arange(n_rows, n_rows + len(sizes), dtype=np.int32)
    return _Added(
        vocabulary,
        np.frombuffer(numbers, dtype=np.int32) if numbers else np.zeros(0, dtype=np.int32),
        np.repeat(rows, np.array(sizes, dtype=np.int64)),
        np.array(counts, dtype=np.uint16),
        np.array(lengths, dtype=np.int32),
    )


def _pointers(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(sizes)))


def _terms_of(pointers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The term number of every posting."""
    return np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))

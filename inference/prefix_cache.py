"""Which sequences hold which token prefix. Pure bookkeeping: it never touches memory itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .request import SeqId, TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixMatch:
    """The cells [0, n_cached) of `seq_id` are what a prompt begins with; n_cached >= 1."""

    seq_id: SeqId
    n_cached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    tokens: NDArray[np.int64]
    is_pinned: bool
    last_used: int


class PrefixCache:
    """An index of idle sequences by their tokens.

    An entry's sequence is dropped from memory by the caller when its id is handed back from
    `add`, `evict` or `clear`. Sequences may share cells, so dropping one never harms another.

    Args:
        max_pinned_tokens: Bound of all pinned entries together, in tokens; beyond it the pin that
            was used longest ago is lifted.
    """

    def __init__(self, *, max_pinned_tokens: int) -> None:
        self._max_pinned_tokens = max_pinned_tokens
        self._entries: dict[SeqId, _Entry] = {}
        self._clock = 0

    @property
    def seq_ids(self) -> frozenset[SeqId]:
        """The sequences the cache holds."""
        return frozenset(self._entries)

    @property
    def n_pinned_tokens(self) -> int:
        """Tokens of all pinned entries, each counted in full."""
        return sum(len(entry.tokens) for entry in self._entries.values() if entry.is_pinned)

    def match(self, tokens: Sequence[TokenId]) -> PrefixMatch | None:
        """Find the longest cached prefix of a prompt and mark it as used.

        Never the whole prompt: its last token is always decoded again, because sampling needs
        its logits.

        Returns:
            A match with 1 <= n_cached < len(tokens), or None.
        """
        prompt = _as_array(tokens)[:-1]
        best: PrefixMatch | None = None
        for seq_id, entry in self._entries.items():
            n_common = _n_common(entry.tokens, prompt)
            if n_common and (best is None or n_common > best.n_cached):
                best = PrefixMatch(seq_id=seq_id, n_cached=n_common)
        if best is not None:
            self._touch(best.seq_id)
        return best

    def add(
        self, seq_id: SeqId, tokens: Sequence[TokenId], *, is_pinned: bool = False
    ) -> tuple[SeqId, ...]:
        """Take over an idle sequence.

        Returns:
            Sequences that are of no more use: entries the new one covers, or the new one itself
            when it is empty or covered by an entry.

        Raises:
            ValueError: The cache already holds this sequence id.
        """
        if seq_id in self._entries:
            raise ValueError(f"sequence {seq_id} is already cached")
        new = _as_array(tokens)
        holder = self._holder(new, is_pinned=is_pinned)
        if len(new) == 0 or holder is not None:
            if holder is not None:
                self._touch(holder)
            return (seq_id,)
        covered = tuple(
            other
            for other, entry in self._entries.items()
            if not entry.is_pinned and _n_common(entry.tokens, new) == len(entry.tokens)
        )
        for other in covered:
            del self._entries[other]
        self._entries[seq_id] = _Entry(tokens=new, is_pinned=is_pinned, last_used=self._tick())
        self._lift_pins()
        return covered

    def evict(self) -> SeqId | None:
        """Give up the entry used longest ago, pinned ones only when nothing else is left."""
        if not self._entries:
            return None
        victim = min(
            self._entries, key=lambda i: (self._entries[i].is_pinned, self._entries[i].last_used)
        )
        del self._entries[victim]
        return victim

    def clear(self) -> tuple[SeqId, ...]:
        """Give up everything."""
        seq_ids = tuple(self._entries)
        self._entries.clear()
        return seq_ids

    def _holder(self, tokens: NDArray[np.int64], *, is_pinned: bool) -> SeqId | None:
        """An entry that holds all of `tokens`, pinned if that is asked for."""
        for seq_id, entry in self._entries.items():
            is_enough = entry.is_pinned or not is_pinned
            if is_enough and _n_common(entry.tokens, tokens) == len(tokens):
                return seq_id
        return None

    def _lift_pins(self) -> None:
        while self.n_pinned_tokens > self._max_pinned_tokens:
            pinned = [i for i, entry in self._entries.items() if entry.is_pinned]
            oldest = min(pinned, key=lambda i: self._entries[i].last_used)
            self._entries[oldest] = replace(self._entries[oldest], is_pinned=False)

    def _touch(self, seq_id: SeqId) -> None:
        self._entries[seq_id] = replace(self._entries[seq_id], last_used=self._tick())

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def _as_array(tokens: Sequence[TokenId]) -> NDArray[np.int64]:
    return np.asarray(tokens, dtype=np.int64)


def _n_common(left: NDArray[np.int64], right: NDArray[np.int64]) -> int:
    n = min(len(left), len(right))
    differs = np.flatnonzero(left[:n] != right[:n])
    return int(differs[0]) if len(differs) else n

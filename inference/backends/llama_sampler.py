"""Choosing a token from logits, with an optional grammar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import GrammarError
from ..request import TokenId

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""One token that could come next, as llama.cpp lays it out."""


class Link(Protocol):
    """A native sampler; see `NativeSampler`."""

    def apply(self, candidates: NDArray[np.void]) -> int:
        """Change logits in place, possibly select one."""
        ...

    def accept(self, token: TokenId) -> None:
        """Hear which token was chosen."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class LlamaSampler:
    """One request's sampler chain and grammar. Engine thread only.

    A grammar is first asked about the one token that was chosen without it, and about the whole
    vocabulary only when it forbids that token: nearly always the cheap way is enough.

    Args:
        read_logits: The logits of a row of the last batch, shape (n_vocab,).
        chain: Selects a token.
        constraint: The grammar; None for free text.
        is_greedy: Whether the chain does nothing but take the largest logit; then it is not asked
            at all, which spares copying the vocabulary for every token.
    """

    def __init__(
        self,
        read_logits: Callable[[int], NDArray[np.float32]],
        chain: Link,
        constraint: Link | None,
        n_vocab: int,
        *,
        is_greedy: bool = False,
    ) -> None:
        self._read_logits = read_logits
        self._chain = chain
        self._constraint = constraint
        self._is_greedy = is_greedy
        self._ids = np.arange(n_vocab, dtype=np.int32)
        self._candidates: NDArray[np.void] = np.zeros(n_vocab, dtype=CANDIDATE)

    def sample(self, row: int) -> TokenId:
        """Choose, remember and return the token after a row; see `Sampler.sample`."""
        logits = self._read_logits(row)
        token = self._choose(logits, constraint=None)
        if self._constraint is not None:
            if not _allows(self._constraint, token):
                token = self._choose(logits, constraint=self._constraint)
            self._constraint.accept(token)
        self._chain.accept(token)
        return token

    def close(self) -> None:
        """Free the chain and the grammar."""
        self._chain.close()
        if self._constraint is not None:
            self._constraint.close()

    def _choose(self, logits: NDArray[np.float32], constraint: Link | None) -> TokenId:
        if self._is_greedy and constraint is None:
            return TokenId(int(logits.argmax()))
        candidates = self._candidates
        candidates["id"] = self._ids
        candidates["logit"] = logits
        if constraint is not None:
            constraint.apply(candidates)
            if not np.isfinite(candidates["logit"]).any():
                raise GrammarError("the grammar allows no token here")
        return TokenId(int(candidates["id"][self._chain.apply(candidates)]))


def _allows(constraint: Link, token: TokenId) -> bool:
    candidate: NDArray[np.void] = np.array([(token, 1.0, 0.0)], dtype=CANDIDATE)
    constraint.apply(candidate)
    return bool(np.isfinite(candidate["logit"][0]))

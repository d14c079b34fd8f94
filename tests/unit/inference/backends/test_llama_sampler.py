"""Choosing with a grammar, on native samplers made of Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import GrammarError
from inference.backends.llama_sampler import LlamaSampler
from inference.request import TokenId

LOGITS = np.array([0.0, 3.0, 2.0, 1.0], dtype=np.float32)


@dataclass
class Link:
    """A sampler link that records what it hears."""

    change: Callable[[NDArray[np.void]], int]
    accepted: list[int] = field(default_factory=list[int])
    sizes: list[int] = field(default_factory=list[int])
    n_closed: int = 0

    def apply(self, candidates: NDArray[np.void]) -> int:
        self.sizes.append(len(candidates))
        return self.change(candidates)

    def accept(self, token: TokenId) -> None:
        self.accepted.append(token)

    def close(self) -> None:
        self.n_closed += 1


def greedy() -> Link:
    return Link(lambda candidates: int(np.argmax(candidates["logit"])))


def allowing(*tokens: int) -> Link:
    def forbid(candidates: NDArray[np.void]) -> int:
        candidates["logit"][~np.isin(candidates["id"], tokens)] = -np.inf
        return 0

    return Link(forbid)


def sampler(chain: Link, constraint: Link | None = None) -> LlamaSampler:
    return LlamaSampler(lambda row: LOGITS, chain, constraint, n_vocab=4)


def test_without_a_grammar_the_chain_decides() -> None:
    chain = greedy()
    assert sampler(chain).sample(0) == 1
    assert chain.accepted == [1]


def test_an_allowed_choice_costs_the_grammar_one_candidate() -> None:
    chain, grammar = greedy(), allowing(1, 3)
    assert sampler(chain, grammar).sample(0) == 1
    assert grammar.sizes == [1]
    assert grammar.accepted == [1]


def test_a_forbidden_choice_is_made_again_among_what_is_allowed() -> None:
    chain, grammar = greedy(), allowing(0, 3)
    assert sampler(chain, grammar).sample(0) == 3
    assert grammar.sizes == [1, 4]
    assert chain.accepted == grammar.accepted == [3]


def test_a_grammar_that_allows_nothing_is_an_error_not_a_token() -> None:
    chain, grammar = greedy(), allowing()
    with pytest.raises(GrammarError, match="no token"):
        sampler(chain, grammar).sample(0)
    assert chain.accepted == grammar.accepted == []


def test_logits_are_not_changed_by_choosing() -> None:
    before = LOGITS.copy()
    sampler(greedy(), allowing(0)).sample(0)
    assert np.array_equal(before, LOGITS)


def test_closing_frees_the_chain_and_the_grammar() -> None:
    chain, grammar = greedy(), allowing(1)
    sampler(chain, grammar).close()
    assert (chain.n_closed, grammar.n_closed) == (1, 1)

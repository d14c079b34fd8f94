from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from inference.prefix_cache import PrefixCache, PrefixMatch
from inference.request import SeqId, TokenId

MAX_PINNED = 12


def toks(text: str) -> tuple[TokenId, ...]:
    return tuple(TokenId(ord(letter)) for letter in text)


def n_common(left: tuple[TokenId, ...], right: tuple[TokenId, ...]) -> int:
    n = 0
    while n < min(len(left), len(right)) and left[n] == right[n]:
        n += 1
    return n


def make(*entries: str, max_pinned: int = 100) -> PrefixCache:
    cache = PrefixCache(max_pinned_tokens=max_pinned)
    for index, text in enumerate(entries):
        assert cache.add(SeqId(index), toks(text)) == ()
    return cache


def test_the_longest_common_prefix_wins() -> None:
    cache = make("abc", "abxyz", "q")
    assert cache.match(toks("abxyw!")) == PrefixMatch(seq_id=SeqId(1), n_cached=4)
    assert cache.match(toks("zzz")) is None


def test_a_match_never_covers_the_whole_prompt() -> None:
    cache = make("abcdef")
    assert cache.match(toks("abcdef")) == PrefixMatch(seq_id=SeqId(0), n_cached=5)
    assert cache.match(toks("abc")) == PrefixMatch(seq_id=SeqId(0), n_cached=2)
    assert cache.match(toks("a")) is None


def test_a_longer_entry_replaces_the_ones_it_covers() -> None:
    cache = make("ab", "ax")
    assert cache.add(SeqId(7), toks("abc")) == (SeqId(0),)
    assert cache.seq_ids == {SeqId(1), SeqId(7)}


def test_an_entry_that_adds_nothing_is_handed_back() -> None:
    cache = make("abc")
    assert cache.add(SeqId(7), toks("ab")) == (SeqId(7),)
    assert cache.add(SeqId(8), ()) == (SeqId(8),)
    assert cache.seq_ids == {SeqId(0)}


def test_a_sequence_is_cached_once() -> None:
    cache = make("abc")
    with pytest.raises(ValueError, match="already cached"):
        cache.add(SeqId(0), toks("xyz"))


def test_the_entry_used_longest_ago_is_evicted_first() -> None:
    cache = make("ab", "cd", "ef")
    cache.match(toks("abz"))
    assert [cache.evict() for _ in range(4)] == [SeqId(1), SeqId(2), SeqId(0), None]


def test_pinned_entries_survive_their_successors_and_are_evicted_last() -> None:
    cache = PrefixCache(max_pinned_tokens=10)
    cache.add(SeqId(0), toks("sys"), is_pinned=True)
    assert cache.add(SeqId(1), toks("sys and more")) == ()
    assert [cache.evict(), cache.evict()] == [SeqId(1), SeqId(0)]


def test_pinning_what_an_unpinned_entry_holds_keeps_it_separately() -> None:
    cache = make("sys and more")
    assert cache.add(SeqId(5), toks("sys"), is_pinned=True) == ()
    assert cache.add(SeqId(6), toks("sys"), is_pinned=True) == (SeqId(6),)
    assert cache.n_pinned_tokens == 3


def test_pins_beyond_the_bound_are_lifted_oldest_first() -> None:
    cache = PrefixCache(max_pinned_tokens=5)
    cache.add(SeqId(0), toks("aaa"), is_pinned=True)
    cache.add(SeqId(1), toks("bbb"), is_pinned=True)
    assert cache.n_pinned_tokens == 3
    assert cache.evict() == SeqId(0)


@dataclass
class _Model:
    """What is in the cache, the plain way."""

    tokens: dict[SeqId, tuple[TokenId, ...]] = field(
        default_factory=dict[SeqId, "tuple[TokenId, ...]"]
    )


class CacheMachine(RuleBasedStateMachine):
    """Random operations against a dictionary."""

    prompts = Bundle("prompts")

    def __init__(self) -> None:
        super().__init__()
        self.cache = PrefixCache(max_pinned_tokens=MAX_PINNED)
        self.model = _Model()
        self.next_id = 0

    @rule(target=prompts, text=st.text(alphabet="ab", max_size=8))
    def prompt(self, text: str) -> tuple[TokenId, ...]:
        return toks(text)

    @rule(tokens=prompts, is_pinned=st.booleans())
    def add(self, tokens: tuple[TokenId, ...], is_pinned: bool) -> None:
        seq_id = SeqId(self.next_id)
        self.next_id += 1
        self.model.tokens[seq_id] = tokens
        for useless in self.cache.add(seq_id, tokens, is_pinned=is_pinned):
            gone = self.model.tokens.pop(useless)
            held = self.model.tokens.values()
            assert not gone or any(n_common(gone, other) == len(gone) for other in held)

    @rule(tokens=prompts)
    def match(self, tokens: tuple[TokenId, ...]) -> None:
        lengths = [n_common(tokens[:-1], other) for other in self.model.tokens.values()]
        found = self.cache.match(tokens)
        assert (found.n_cached if found else 0) == max(lengths, default=0)
        if found is not None:
            assert n_common(self.model.tokens[found.seq_id], tokens) >= found.n_cached

    @rule()
    def evict(self) -> None:
        victim = self.cache.evict()
        if victim is not None:
            del self.model.tokens[victim]

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert self.cache.seq_ids == set(self.model.tokens)
        assert self.cache.n_pinned_tokens <= MAX_PINNED


CacheMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCacheMachine = CacheMachine.TestCase


@given(st.lists(st.text(alphabet="ab", max_size=6), max_size=6))
def test_clearing_hands_back_every_sequence_exactly_once(texts: list[str]) -> None:
    cache = PrefixCache(max_pinned_tokens=MAX_PINNED)
    gone: list[SeqId] = []
    for index, text in enumerate(texts):
        gone += cache.add(SeqId(index), toks(text))
    gone += cache.clear()
    assert sorted(gone) == list(range(len(texts)))
    assert cache.seq_ids == frozenset()

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inference.prefix_tree import PrefixTree
from inference.radix_node import n_common_prefix
from inference.request import SeqId, TokenId

A, B, C = SeqId(0), SeqId(1), SeqId(2)


def ids(text: str) -> tuple[TokenId, ...]:
    return tuple(TokenId(ord(char)) for char in text)


def add(tree: PrefixTree, seq_id: SeqId, text: str) -> bool:
    """Compute a text alone and leave it idle; whether the sequence is kept."""
    tree.start(seq_id, ())
    tree.extend(seq_id, ids(text))
    return tree.finish(seq_id)


def tree_of(**texts: SeqId) -> PrefixTree:
    tree = PrefixTree(max_pinned_tokens=100)
    for text, seq_id in texts.items():
        add(tree, seq_id, text)
    return tree


def test_the_longest_known_prefix_is_found_inside_an_edge() -> None:
    match = tree_of(abcdef=A, abxy=B).match(ids("abcdzz"))
    assert match is not None
    assert (match.holder, match.n_tokens) == (A, 4)


def test_nothing_in_common_is_no_match() -> None:
    assert tree_of(abc=A).match(ids("xyz")) is None
    assert tree_of(abc=A).match(()) is None


def test_shared_tokens_count_once() -> None:
    tree = tree_of(abcd=A, abxy=B)
    assert (tree.n_idle, tree.n_locked) == (6, 0)


def test_a_covered_sequence_is_not_kept() -> None:
    tree = tree_of(abcd=A)
    assert not add(tree, B, "abc")
    assert tree.idle == {A}


def test_a_longer_sequence_makes_the_shorter_one_redundant() -> None:
    tree = tree_of(abc=A)
    tree.start(B, ids("abc"))
    assert tree.extend(B, ids("abcde")).redundant == (A,)
    assert tree.finish(B)
    assert tree.idle == {B}


def test_growing_into_known_tokens_names_who_holds_them() -> None:
    tree = tree_of(abcdef=A)
    tree.start(B, ids("ab"))
    grown = tree.extend(B, ids("abcdxx"))
    assert (grown.holder, grown.n_known) == (A, 4)


def test_the_least_recently_used_leaf_is_evicted_from_its_end() -> None:
    tree = tree_of(abcd=A, xyz=B)
    tree.match(ids("abcd"))
    first = tree.evict(2)
    assert first is not None
    assert (first.seq_id, first.n_kept, first.n_freed) == (B, 1, 2)
    second = tree.evict(9)
    assert second is not None
    assert (second.seq_id, second.n_kept, second.n_freed) == (B, 0, 1)


def test_evicting_a_branch_leaves_the_shared_part_with_its_holder() -> None:
    tree = tree_of(abcd=A, abxy=B)
    tree.match(ids("abxy"))
    gone = tree.evict(9)
    assert gone is not None
    assert (gone.seq_id, gone.n_kept) == (A, 0)
    gone = tree.evict(2)
    assert gone is not None
    assert (gone.seq_id, gone.n_kept) == (B, 2)


def test_locked_paths_are_not_evicted() -> None:
    tree = tree_of(abcd=A)
    tree.start(B, ids("ab"))
    evicted = tree.evict(9)
    assert evicted is not None
    assert (evicted.seq_id, evicted.n_kept, evicted.n_freed) == (A, 0, 2)
    assert tree.evict(9) is None


def test_pinned_prefixes_go_last() -> None:
    tree = tree_of(abcd=A, xyz=B)
    tree.pin(ids("ab"))
    freed = [tree.evict(9) for _ in range(3)]
    assert [(e.seq_id, e.n_freed) for e in freed if e is not None] == [(A, 2), (B, 3), (A, 2)]


def test_too_many_pins_lift_the_oldest() -> None:
    tree = PrefixTree(max_pinned_tokens=5)
    add(tree, A, "abcd")
    add(tree, B, "xyz")
    tree.pin(ids("abcd"))
    tree.pin(ids("xyz"))
    assert tree.n_pinned == 3
    assert [tokens for _, tokens in tree.pinned_paths()] == [ids("xyz")]


def test_forgetting_a_sequence_forgets_what_only_it_held() -> None:
    tree = tree_of(abcd=A, abxy=B)
    tree.forget(B)
    assert tree.match(ids("abxy")) == tree.match(ids("ab"))
    tree.check()


def test_misuse_is_an_error() -> None:
    tree = tree_of(abc=A)
    with pytest.raises(ValueError, match="already"):
        tree.start(A, ids("abc"))
    with pytest.raises(ValueError, match="knows 3 of 4"):
        tree.start(B, ids("abcd"))
    with pytest.raises(ValueError, match="cannot be extended"):
        tree.extend(A, ids("abcd"))


def test_indivisible_memory_is_reused_only_as_a_whole() -> None:
    tree = PrefixTree(max_pinned_tokens=100, is_divisible=False)
    add(tree, A, "abc")
    add(tree, B, "abcdef")
    match = tree.match(ids("abcdex"))
    assert match is not None
    assert (match.holder, match.n_tokens) == (A, 3)
    assert tree.match(ids("abx")) is None


TEXTS = st.text(alphabet="ab", max_size=10).map(ids)


class TreeMachine(RuleBasedStateMachine):
    """Random use, compared with a plain table of which sequence holds what."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = PrefixTree(max_pinned_tokens=12)
        self.held: dict[SeqId, tuple[TokenId, ...]] = {}
        self.running: set[SeqId] = set()

    @rule(tokens=TEXTS)
    def start(self, tokens: tuple[TokenId, ...]) -> None:
        seq_id = SeqId(next(i for i in range(99) if i not in self.held))
        match = self.tree.match(tokens)
        n = match.n_tokens if match is not None else 0
        if match is not None:
            assert self.held[match.holder][:n] == tokens[:n]
        assert n == max((n_common_prefix(h, tokens) for h in self.held.values()), default=0)
        self.tree.start(seq_id, tokens[:n])
        self.held[seq_id] = tokens[:n]
        self.running.add(seq_id)

    @precondition(lambda self: bool(self.running))
    @rule(data=st.data(), more=TEXTS)
    def extend(self, data: st.DataObject, more: tuple[TokenId, ...]) -> None:
        seq_id = data.draw(st.sampled_from(sorted(self.running)))
        tokens = self.held[seq_id] + more
        grown = self.tree.extend(seq_id, tokens)
        if grown.holder is not None:
            assert self.held[grown.holder][: grown.n_known] == tokens[: grown.n_known]
        self.held[seq_id] = tokens
        for redundant in grown.redundant:
            del self.held[redundant]

    @precondition(lambda self: bool(self.running))
    @rule(data=st.data(), is_trusted=st.booleans())
    def end(self, data: st.DataObject, is_trusted: bool) -> None:
        seq_id = data.draw(st.sampled_from(sorted(self.running)))
        self.running.discard(seq_id)
        if not is_trusted:
            self.tree.forget(seq_id)
        elif self.tree.finish(seq_id):
            return
        del self.held[seq_id]

    @rule(n=st.integers(min_value=1, max_value=8))
    def evict(self, n: int) -> None:
        before = self.tree.n_idle
        eviction = self.tree.evict(n)
        if eviction is None:
            assert before == 0
            return
        assert eviction.seq_id not in self.running
        assert before - self.tree.n_idle == eviction.n_freed <= n
        self.held[eviction.seq_id] = self.held[eviction.seq_id][: eviction.n_kept]
        if not eviction.n_kept:
            del self.held[eviction.seq_id]

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def pin(self, data: st.DataObject) -> None:
        tokens = data.draw(st.sampled_from(sorted(t for t in self.held.values() if t)))
        self.tree.pin(tokens[: data.draw(st.integers(1, len(tokens)))])
        assert self.tree.n_pinned <= 12

    @invariant()
    def the_books_agree(self) -> None:
        self.tree.check()
        assert self.tree.idle | self.tree.running == self.held.keys()
        assert self.tree.running == self.running
        for seq_id, tokens in self.held.items():
            assert self.tree.n_held(seq_id) == len(tokens)
        prefixes = {t[: i + 1] for t in self.held.values() for i in range(len(t))}
        assert self.tree.n_idle + self.tree.n_locked == len(prefixes)


TreeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTreeMachine = TreeMachine.TestCase

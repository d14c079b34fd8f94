from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.persistence.catalogue import Catalogue, Content, Entry, n_common_tokens
from inference.persistence.container import StateKind, as_array
from inference.request import TokenId

from .conftest import run

# Few different tokens, so that prefixes are shared often.
SHORT = st.lists(st.integers(0, 2).map(TokenId), max_size=8)
STATES = st.lists(SHORT.filter(bool), max_size=8)


def entry(
    key: str,
    tokens: list[TokenId] | tuple[TokenId, ...] | None,
    *,
    n_bytes: int = 10,
    used_at: float = 0.0,
    kind: StateKind = StateKind.THREAD,
) -> Entry:
    content = None if tokens is None else Content(kind=kind, tokens=as_array(tokens))
    return Entry(key=key, n_bytes=n_bytes, used_at=used_at, content=content)


def catalogue(*entries: Entry, is_divisible: bool = True) -> Catalogue:
    filled = Catalogue(is_divisible=is_divisible)
    for each in entries:
        filled.add(each)
    return filled


def n_common_slowly(one: list[TokenId], other: list[TokenId]) -> int:
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n


@given(SHORT, SHORT)
def test_common_tokens_are_counted_as_by_hand(one: list[TokenId], other: list[TokenId]) -> None:
    assert n_common_tokens(as_array(one), as_array(other)) == n_common_slowly(one, other)


@given(STATES, SHORT, st.integers(1, 4), st.integers(1, 8))
def test_the_longest_common_prefix_wins_and_the_smallest_file_with_it(
    states: list[list[TokenId]], prompt: list[TokenId], min_tokens: int, max_tokens: int
) -> None:
    filled = catalogue(*(entry(str(i), tokens) for i, tokens in enumerate(states)))
    ref = filled.match(as_array(prompt), min_tokens=min_tokens, max_tokens=max_tokens)
    useful = [
        (n, -len(tokens))
        for tokens in states
        if (n := n_common_slowly(tokens, prompt)) >= min_tokens and len(tokens) <= max_tokens
    ]
    assert (ref is None) == (not useful)
    if ref is not None:
        assert (ref.n_common, -ref.n_tokens) == max(useful)
        assert states[int(ref.key)][: ref.n_common] == prompt[: ref.n_common]


@given(STATES, SHORT)
def test_a_state_that_cannot_be_cut_is_found_only_whole(
    states: list[list[TokenId]], prompt: list[TokenId]
) -> None:
    entries = (entry(str(i), tokens) for i, tokens in enumerate(states))
    ref = catalogue(*entries, is_divisible=False).match(
        as_array(prompt), min_tokens=1, max_tokens=99
    )
    whole = [len(tokens) for tokens in states if prompt[: len(tokens)] == tokens]
    assert (ref.n_common if ref else 0) == max(whole, default=0)
    assert ref is None or ref.n_tokens == ref.n_common


def test_states_of_other_models_are_never_found() -> None:
    assert (
        catalogue(entry("foreign", None)).match(as_array(run(0, 9)), min_tokens=1, max_tokens=99)
        is None
    )


@pytest.mark.parametrize(
    ("saved", "kind", "expected"),
    [
        (run(0, 9), StateKind.THREAD, True),
        (run(0, 5), StateKind.THREAD, True),
        (run(0, 10), StateKind.THREAD, False),
        (run(1, 5), StateKind.THREAD, False),
        (run(0, 5), StateKind.PINNED, False),
        (run(0, 9), StateKind.PINNED, False),
    ],
)
def test_a_saved_thread_covers_its_beginnings_but_no_pinned_prefix(
    saved: tuple[TokenId, ...], kind: StateKind, expected: bool
) -> None:
    assert catalogue(entry("a", run(0, 9))).covers(as_array(saved), kind) is expected


def test_a_saved_pinned_prefix_covers_both_kinds() -> None:
    pinned = catalogue(entry("a", run(0, 9), kind=StateKind.PINNED))
    assert all(pinned.covers(as_array(run(0, 9)), kind) for kind in StateKind)


def test_a_state_that_cannot_be_cut_covers_only_itself() -> None:
    whole = catalogue(entry("a", run(0, 9)), is_divisible=False)
    assert whole.covers(as_array(run(0, 9)), StateKind.THREAD)
    assert not whole.covers(as_array(run(0, 5)), StateKind.THREAD)


def test_a_longer_thread_replaces_its_beginnings_but_no_pinned_prefix() -> None:
    filled = catalogue(
        entry("pinned", run(0, 3), kind=StateKind.PINNED),
        entry("before", run(0, 6)),
        entry("itself", run(0, 9)),
        entry("other", run(1, 5)),
    )
    assert filled.superseded_by(as_array(run(0, 9))) == ("before",)


def test_the_least_recently_used_goes_first_after_those_of_other_models() -> None:
    filled = catalogue(
        entry("new", run(0, 5), used_at=3.0),
        entry("foreign", None, used_at=9.0),
        entry("old", run(1, 5), used_at=1.0),
        entry("replaced", run(2, 5), used_at=8.0),
    )
    assert filled.victims(10, 50) == ()
    assert filled.victims(10, 49) == ("foreign",)
    assert filled.victims(10, 30) == ("foreign", "old")
    assert filled.victims(10, 40, first=("replaced",)) == ("replaced",)
    assert filled.victims(50, 50) == ("foreign", "old", "new", "replaced")
    assert filled.victims(51, 50) is None


def test_use_is_noted_at_most_every_so_often() -> None:
    filled = catalogue(entry("a", run(0, 5), used_at=100.0), entry("b", run(1, 5), used_at=105.0))
    assert not filled.touch("a", 109.0, every_s=10.0)
    assert filled.touch("a", 110.0, every_s=10.0)
    assert not filled.touch("absent", 110.0, every_s=10.0)
    assert filled.victims(1, 20) == ("b",)


def test_what_was_removed_is_not_counted() -> None:
    filled = catalogue(entry("a", run(0, 5)), entry("b", None, n_bytes=7))
    assert (filled.n_bytes, filled.keys) == (17, {"a", "b"})
    filled.remove("a")
    filled.remove("a")
    assert (filled.n_bytes, filled.keys) == (7, {"b"})

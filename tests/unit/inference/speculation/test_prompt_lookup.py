from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inference.request import TokenId
from inference.speculation.prompt_lookup import (
    N_LONGEST,
    N_SHORTEST,
    Match,
    NgramIndex,
    PromptLookup,
)

TEXTS = st.lists(st.integers(0, 2).map(TokenId), max_size=45)


def tokens_of(text: str) -> list[TokenId]:
    return [TokenId(ord(character)) for character in text]


def search(tokens: Sequence[TokenId]) -> Match | None:
    """The same by trying every length and place."""
    for length in range(N_LONGEST, N_SHORTEST - 1, -1):
        last = list(tokens[-length:])
        for after in range(len(tokens) - 1, length - 1, -1):
            if len(last) == length and list(tokens[after - length : after]) == last:
                return Match(after, length)
    return None


@given(TEXTS)
def test_the_longest_and_newest_match_is_found(tokens: list[TokenId]) -> None:
    assert NgramIndex().find(tokens) == search(tokens)


@given(TEXTS, st.lists(st.integers(0, 44), max_size=6))
def test_a_text_that_grew_is_searched_like_a_new_one(
    tokens: list[TokenId], stops: list[int]
) -> None:
    index = NgramIndex()
    for stop in sorted(min(stop, len(tokens)) for stop in stops):
        assert index.find(tokens[:stop]) == search(tokens[:stop])
    assert index.find(tokens) == search(tokens)


@given(TEXTS, st.integers(1, 12))
def test_a_guess_is_what_followed_before(tokens: list[TokenId], n_max: int) -> None:
    guess, length = PromptLookup().guess(tokens, n_max)
    match = search(tokens)
    assert (length > 0) is (match is not None)
    if match is not None:
        assert len(guess) == n_max
        whole = [*tokens, *guess]
        assert guess == whole[match.after : match.after + n_max]


def test_a_quotation_is_guessed_to_go_on() -> None:
    tokens = tokens_of("ERROR db: pool exhausted.\nThe cause: ERROR db")
    guess, length = PromptLookup().guess(tokens, 16)
    assert bytes(guess).decode() == ": pool exhausted"
    assert length == N_LONGEST


def test_a_repeating_text_is_guessed_to_repeat() -> None:
    guess, _ = PromptLookup().guess(tokens_of("abcabc"), 7)
    assert bytes(guess).decode() == "abcabca"


def test_a_text_of_one_token_costs_a_bounded_search() -> None:
    match = NgramIndex().find([TokenId(7)] * 5000)
    assert match == Match(4999, N_LONGEST)


def test_a_new_text_has_nothing_to_guess_from() -> None:
    assert PromptLookup().guess(tokens_of("abcdefgh"), 4) == ([], 0)
    assert PromptLookup().guess([], 4) == ([], 0)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.backends.fake import FakeBackend, FakeVocabulary
from inference.request import TokenId
from inference.speculation import Drafter, DraftModel, Speculation, SpeculationOptions, verified
from inference.step_costs import RowCosts

CHEAP = RowCosts(seconds={1: 1.0, 64: 1.2})
GRAMMAR = 'root ::= "Cause: " [a-z ]+ ". Next: " [a-z]+'


class SizedVocabulary(FakeVocabulary):
    n_tokens = 258


@dataclass(frozen=True)
class Asked:
    prompt: tuple[TokenId, ...]
    grammar: str | None = None


def words(text: str) -> list[TokenId]:
    return FakeVocabulary().tokenize(text, parse_special=False)


def speculation(reply: Callable[[tuple[TokenId, ...]], TokenId], **options: bool) -> Speculation:
    chosen = SpeculationOptions(row_costs=CHEAP, draft_token_cost=0.01, **options)
    vocabulary = SizedVocabulary()
    model = DraftModel(FakeBackend(reply=reply), vocabulary, vocabulary)
    return Speculation(chosen, vocabulary, model)


def answer_of(
    reply: Callable[[tuple[TokenId, ...]], TokenId],
    prompt: list[TokenId],
    drafter: Drafter | None,
    n: int,
) -> tuple[list[TokenId], int]:
    """Tokens of an answer, and the steps it took."""
    tokens, n_steps = list(prompt), 0
    while len(tokens) < len(prompt) + n:
        n_left = len(prompt) + n - len(tokens)
        draft = drafter.propose(tokens, n_left - 1) if drafter else []
        whole = [*tokens, *draft]
        n_before, n_steps = len(tokens), n_steps + 1

        def sample(row: int, whole: list[TokenId] = whole, known: int = n_before) -> TokenId:
            return reply(tuple(whole[: known + row]))

        tokens += verified(sample, draft)
        if drafter and draft:
            drafter.learn(len(draft), min(len(tokens) - n_before, len(draft)))
    return tokens[len(prompt) :], n_steps


@given(st.integers(0, 10_000), st.integers(1, 40), st.sampled_from([None, GRAMMAR]))
def test_an_answer_is_the_same_with_and_without_guesses(
    seed: int, n: int, grammar: str | None
) -> None:
    def reply(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(97 + (seed + sum(cells[-3:])) % 3)

    def other(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(97 + (seed + sum(cells[-2:])) % 3)

    prompt = words("abcabcacb")
    asked = Asked(tuple(prompt), grammar)
    drafter = speculation(other, draft_model=True).for_request(asked)
    assert drafter is not None
    guessed, n_steps = answer_of(reply, prompt, drafter, n)
    plain, n_plain = answer_of(reply, prompt, None, n)
    drafter.close()
    assert guessed == plain
    assert n_steps <= n_plain == n


@pytest.mark.parametrize(
    ("options", "prompt", "grammar", "expected"),
    [
        ({}, "Cause: it is known. Cause: it", GRAMMAR, "Cause: "),
        ({}, "Cause: it is known. Cause: it", None, " is "),
        ({"forced": False}, "Cause: it is known. Cause: it", GRAMMAR, " is "),
        ({"draft_model": True}, "all new", None, "zzz"),
        ({"draft_model": False}, "all new", None, ""),
        ({"prompt_lookup": False}, "Cause: it is known. Cause: it", "root ::= <[1]>", None),
    ],
)
def test_the_surest_source_comes_first(
    options: dict[str, bool], prompt: str, grammar: str | None, expected: str | None
) -> None:
    def reply(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(ord("z"))

    tokens = words(prompt)
    drafter = speculation(reply, **options).for_request(Asked(tuple(tokens), grammar))
    if expected is None:
        assert drafter is None
        return
    assert drafter is not None
    text = bytes(drafter.propose(tokens, 16)).decode()
    assert text.startswith(expected)
    assert bool(text) is bool(expected)


def test_a_source_that_errs_is_no_longer_verified() -> None:
    costly = SpeculationOptions(row_costs=RowCosts(seconds={1: 1.0, 4: 2.6}))
    tokens = words("abcdefgh" * 4)
    drafter = Speculation(costly, FakeVocabulary()).for_request(Asked(tuple(tokens)))
    assert drafter is not None
    n_proposed = 0
    for _ in range(12):
        draft = drafter.propose(tokens, 8)
        n_proposed += bool(draft)
        drafter.learn(len(draft), 0)
    assert 1 <= n_proposed < 4


def test_a_grammar_that_cannot_be_followed_is_dropped_in_silence() -> None:
    chosen = SpeculationOptions(prompt_lookup=False, row_costs=CHEAP)
    left = 'root ::= root "a" | "b"'
    drafter = Speculation(chosen, FakeVocabulary()).for_request(Asked((), left))
    assert drafter is not None
    assert drafter.propose([], 8) == []
    assert drafter.propose([], 8) == []


def test_no_more_is_proposed_than_asked_for() -> None:
    tokens = words("abcdefgh" * 4)
    drafter = speculation(lambda cells: TokenId(97)).for_request(Asked(tuple(tokens)))
    assert drafter is not None
    assert [len(drafter.propose(tokens, n)) for n in (0, 1, 5, 99)] == [0, 1, 5, 15]


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="max_draft is 0"):
        SpeculationOptions(max_draft=0)
    with pytest.raises(ValueError, match="draft_token_cost is -1"):
        SpeculationOptions(draft_token_cost=-1)


def test_guesses_that_turn_out_right_are_verified_from_then_on() -> None:
    costly = SpeculationOptions(row_costs=RowCosts(seconds={1: 1.0, 8: 5.4}))
    text = words("a long line of a log. " * 8)
    drafter = Speculation(costly, FakeVocabulary()).for_request(Asked(()))
    assert drafter is not None
    proposed = [len(drafter.propose(text[:n], 8)) for n in range(20, len(text) - 8)]
    assert not any(proposed[:10])
    assert all(proposed[-10:])

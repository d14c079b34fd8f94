from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inference.request import TokenId
from inference.speculation.verify import verified

TOKENS = st.lists(st.integers(0, 3).map(TokenId), max_size=8)


class Text:
    """An answer that is already decided; rows after a wrong guess would be of another text."""

    def __init__(self, tokens: Sequence[TokenId]) -> None:
        self.tokens = tokens
        self.rows: list[int] = []

    def sample(self, row: int) -> TokenId:
        self.rows.append(row)
        return self.tokens[row]


@given(TOKENS, TOKENS)
def test_whatever_is_drafted_the_answer_is_the_same(
    answer: list[TokenId], draft: list[TokenId]
) -> None:
    text = Text([*answer, *[TokenId(9)] * 9])
    tokens = list(verified(text.sample, draft))
    assert tokens == text.tokens[: len(tokens)]
    assert 1 <= len(tokens) <= len(draft) + 1


@given(TOKENS, TOKENS)
def test_only_the_last_token_may_differ_from_the_draft(
    answer: list[TokenId], draft: list[TokenId]
) -> None:
    text = Text([*answer, *[TokenId(9)] * 9])
    tokens = list(verified(text.sample, draft))
    assert tokens[:-1] == draft[: len(tokens) - 1]
    assert text.rows == list(range(len(tokens)))


def test_nothing_is_sampled_beyond_what_is_taken() -> None:
    text = Text([TokenId(token) for token in (1, 2, 3)])
    taken = verified(text.sample, [TokenId(1), TokenId(2)])
    assert next(taken) == 1
    taken.close()
    assert text.rows == [0]

"""The rule by which guessed tokens are accepted."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from ..request import TokenId


def verified(sample: Callable[[int], TokenId], draft: Sequence[TokenId]) -> Generator[TokenId]:
    """The tokens that an answer goes on with, the first that differs from the draft being the last.

    Every token is sampled by the request's own sampler from the model's own logits, in order, and
    the logits of row i are those of the true text as long as all tokens before were guessed right.
    So a draft decides how many steps an answer takes and never what it says, whether greedy or
    sampled with a seed. Whoever stops iterating earlier has sampled nothing more.

    Args:
        sample: Chooses the token after the i-th row: row 0 is that of the last certain token, row
            i + 1 that of `draft[i]`. It remembers what it chose, so it is asked only once a row.

    Yields:
        At least one token, at most len(draft) + 1.
    """
    for row, guess in enumerate(draft):
        token = sample(row)
        yield token
        if token != guess:
            return
    yield sample(len(draft))

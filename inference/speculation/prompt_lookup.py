"""Guessing that a text goes on as it did before: answers quote logs and sources verbatim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..request import TokenId

N_SHORTEST = 3
"""Shorter matches are mostly chance."""
N_LONGEST = 8
"""Longer ones say no more about what follows."""
_MOST_CANDIDATES = 48
"""Earlier places looked at; a text that repeats one n-gram more often is the same everywhere."""


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier place where the newest tokens already stood.

    Attributes:
        after: Index of the token that followed there.
        length: How many tokens agree, N_SHORTEST <= length <= N_LONGEST.
    """

    after: int
    length: int


class NgramIndex:
    """Finds earlier places of a growing text's last tokens.

    Places of equal N_SHORTEST tokens are chained from the newest to the oldest, so that one new
    token costs one dictionary entry, and a search a bounded number of comparisons.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[TokenId, ...], int] = {}
        self._older: list[int | None] = [None] * N_SHORTEST

    def find(self, tokens: Sequence[TokenId]) -> Match | None:
        """The longest match, of equally long ones the newest; None if there is none.

        Args:
            tokens: What was passed the last time, grown by any number of tokens.
        """
        self._extend(tokens)
        place = self._newest.get(tuple(tokens[-N_SHORTEST:]))
        best: Match | None = None
        for _ in range(_MOST_CANDIDATES):
            if place is None or (best is not None and best.length == N_LONGEST):
                break
            length = _n_agreeing(tokens, place)
            if best is None or length > best.length:
                best = Match(place, length)
            place = self._older[place]
        return best

    def _extend(self, tokens: Sequence[TokenId]) -> None:
        """Note each place that some token follows, up to the one before the last token."""
        for place in range(len(self._older), len(tokens)):
            key = tuple(tokens[place - N_SHORTEST : place])
            self._older.append(self._newest.get(key))
            self._newest[key] = place


class PromptLookup:
    """Guesses from the prompt and from the answer itself."""

    def __init__(self) -> None:
        self._index = NgramIndex()

    def guess(self, tokens: Sequence[TokenId], n_max: int) -> tuple[list[TokenId], int]:
        """What followed an earlier place like this one.

        Where that runs into the text's end it goes on with the guess itself: a repeating text is
        guessed to repeat.

        Returns:
            At most `n_max` tokens, and the length of the match they rest on (0 without a guess).
        """
        match = self._index.find(tokens)
        if match is None:
            return [], 0
        guess: list[TokenId] = []
        for index in range(match.after, match.after + n_max):
            is_known = index < len(tokens)
            guess.append(tokens[index] if is_known else guess[index - len(tokens)])
        return guess, match.length


def _n_agreeing(tokens: Sequence[TokenId], place: int) -> int:
    """How many tokens before `place` equal the last ones, at most N_LONGEST."""
    length = N_SHORTEST
    end = len(tokens)
    while length < min(N_LONGEST, place) and tokens[place - 1 - length] == tokens[end - 1 - length]:
        length += 1
    return length

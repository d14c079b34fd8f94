"""The ways of guessing, in one form: what is guessed, how surely, at what price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..request import TokenId
from .acceptance import Acceptance
from .draft_model import DraftModel
from .forced import ForcedText
from .grammar import GrammarTooComplexError
from .policy import DraftPolicy
from .prompt_lookup import N_LONGEST, N_SHORTEST, PromptLookup

_HABIT_PRIOR = 0.97
_SPELLING_PRIOR = 0.75
"""The text is certain, the tokens it is spelt in are not."""
_MODEL_PRIOR = 0.7
_LOOKUP_PRIORS = {3: 0.4, 4: 0.5, 5: 0.6, 6: 0.7, 7: 0.75, 8: 0.85}
"""By length of the match."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Tokens worth verifying, and where to note how that went."""

    tokens: list[TokenId]
    acceptance: Acceptance


class Source(Protocol):
    """One way of guessing for one request."""

    def guess(self, tokens: Sequence[TokenId], n_max: int, policy: DraftPolicy) -> Guess | None:
        """Guess what follows, if that is expected to pay."""
        ...

    def close(self) -> None:
        """Give up whatever it holds. Idempotent."""
        ...


class FreeGuesses:
    """Decides about guesses that cost nothing, and learns from those it does not verify too.

    What a guess would have been worth shows itself when the answer goes on.
    """

    def __init__(self) -> None:
        self._place = 0
        self._token: TokenId | None = None
        self._acceptance: Acceptance | None = None

    def settle(self, tokens: Sequence[TokenId]) -> None:
        """Compare the last unverified guess with how the text went on."""
        if self._acceptance is not None and len(tokens) > self._place:
            self._acceptance.learn(1, int(tokens[self._place] == self._token))
            self._acceptance = None

    def worthwhile(
        self,
        tokens: Sequence[TokenId],
        guess: list[TokenId],
        acceptance: Acceptance,
        policy: DraftPolicy,
    ) -> Guess | None:
        """As much of a guess as is worth verifying."""
        length = policy.length(acceptance.rate, len(guess))
        if length > 0:
            return Guess(guess[:length], acceptance)
        if guess:
            self._place, self._token, self._acceptance = len(tokens), guess[0], acceptance
        return None


class ForcedSource:
    """What the grammar leaves no choice about; silent for good once it cannot be followed."""

    def __init__(self, forced: ForcedText) -> None:
        self._forced: ForcedText | None = forced
        self._free = FreeGuesses()
        self._acceptance = {True: Acceptance(_HABIT_PRIOR), False: Acceptance(_SPELLING_PRIOR)}

    def guess(self, tokens: Sequence[TokenId], n_max: int, policy: DraftPolicy) -> Guess | None:
        """See `Source.guess`."""
        if self._forced is None:
            return None
        self._free.settle(tokens)
        try:
            guess = self._forced.guess(tokens, n_max)
        except GrammarTooComplexError:
            self._forced = None
            return None
        acceptance = self._acceptance[guess.is_habit]
        return self._free.worthwhile(tokens, guess.tokens, acceptance, policy)

    def close(self) -> None:
        """Nothing is held."""
        self._forced = None


class LookupSource:
    """What followed the same tokens before; the longer the match, the surer."""

    def __init__(self) -> None:
        self._lookup = PromptLookup()
        self._free = FreeGuesses()
        self._acceptance = {
            length: Acceptance(_LOOKUP_PRIORS[length])
            for length in range(N_SHORTEST, N_LONGEST + 1)
        }

    def guess(self, tokens: Sequence[TokenId], n_max: int, policy: DraftPolicy) -> Guess | None:
        """See `Source.guess`."""
        self._free.settle(tokens)
        guess, match_length = self._lookup.guess(tokens, n_max)
        if not guess:
            return None
        return self._free.worthwhile(tokens, guess, self._acceptance[match_length], policy)

    def close(self) -> None:
        """Nothing is held outside this process's memory."""


class ModelSource:
    """What a smaller model would say; asked only if that is expected to pay."""

    def __init__(self, model: DraftModel, token_cost: float) -> None:
        self._model = model
        self._token_cost = token_cost
        self._sequence = model.open()
        self._acceptance = Acceptance(_MODEL_PRIOR)

    def guess(self, tokens: Sequence[TokenId], n_max: int, policy: DraftPolicy) -> Guess | None:
        """See `Source.guess`."""
        length = policy.length(self._acceptance.rate, n_max, self._token_cost)
        if length == 0:
            self._acceptance.pass_up()
            return None
        guess = self._model.guess(self._sequence, tokens, length)
        return Guess(guess, self._acceptance) if guess else None

    def close(self) -> None:
        """Leave the draft model's memory."""
        self._model.release(self._sequence)

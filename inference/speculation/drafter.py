"""What guesses ahead, as the engine sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..request import TokenId


class Drafter(Protocol):
    """Guesses what one request's next tokens will be. Engine thread only."""

    def propose(self, tokens: Sequence[TokenId], n_max: int) -> list[TokenId]:
        """Guess what follows the prompt and the answer so far.

        Args:
            tokens: Prompt and answer; between two calls it only ever grows.
            n_max: Most tokens wanted.

        Returns:
            At most `n_max` tokens; none when no guess would pay.
        """
        ...

    def learn(self, n_proposed: int, n_accepted: int) -> None:
        """Hear how many tokens of the last proposal the model agreed with.

        Args:
            n_proposed: Tokens that were verified: the proposal's first ones, maybe not all.
        """
        ...

    def close(self) -> None:
        """Give up whatever it holds. Idempotent."""
        ...


class DraftedRequest(Protocol):
    """What has to be known of a request to guess its answer."""

    @property
    def prompt(self) -> tuple[TokenId, ...]:
        """The rendered conversation."""
        ...

    @property
    def grammar(self) -> str | None:
        """GBNF that its answer follows; None for free text."""
        ...

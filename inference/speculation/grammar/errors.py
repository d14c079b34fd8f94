"""Why a grammar cannot be followed. Nobody but the drafter sees it: it then drafts nothing."""

from __future__ import annotations

from ...errors import GrammarError


class GrammarSyntaxError(GrammarError):
    """Not GBNF, or GBNF that is not understood here (terminals that are whole tokens).

    Attributes:
        position: Characters before the place where reading stopped.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at character {position}")
        self.position = position


class GrammarTooComplexError(GrammarError):
    """Following the text would take more work than drafting may cost."""

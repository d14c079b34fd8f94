"""Where a grammar leaves a blank open: whether an answer uses it is a matter of habit."""

from __future__ import annotations

from .grammar import State

_BLANKS = frozenset(map(ord, " \t\n"))


class BlankHabits:
    """Remembers what was written at optional blanks, to expect the same again.

    Grammars made from JSON schemas allow a blank around every sign, which leaves hardly anything
    forced, yet a model writes all its objects alike. A habit is known by the character before and
    by what may follow; requests of one grammar share them.
    """

    def __init__(self) -> None:
        self._habits: dict[tuple[str, frozenset[int]], int] = {}

    def note(self, previous: str, state: State, character: str) -> None:
        """Remember what an answer went on with, if the grammar left a blank open there."""
        if _is_open_blank(state):
            self._habits[previous, state.choices] = ord(character)

    def expected(self, previous: str, state: State) -> int | None:
        """The code point of the usual next character; None where there is no habit."""
        return self._habits.get((previous, state.choices)) if _is_open_blank(state) else None


def _is_open_blank(state: State) -> bool:
    return len(state.choices) > 1 and len(state.choices - _BLANKS) == 1

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
        if state.forced is not None or not state.singles & _BLANKS:
            return
        code_point = ord(character)
        if code_point in _BLANKS or _is_sign_certain(state):
            self._habits[previous, state.singles] = code_point
        else:
            self._habits.pop((previous, state.singles), None)

    def expected(self, previous: str, state: State) -> int | None:
        """The code point of the usual next character; None where there is no habit."""
        return self._habits.get((previous, state.singles)) if state.singles & _BLANKS else None


def _is_sign_certain(state: State) -> bool:
    """Whether only one character can come if no blank does."""
    return not state.is_open and len(state.singles - _BLANKS) == 1

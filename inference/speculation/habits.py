"""What a grammar leaves open in its fixed parts, and how answers to it were written so far."""

from __future__ import annotations

from ..request import TokenId
from .grammar import State

_BLANKS = frozenset(map(ord, " \t\n"))


class Habits:
    """How answers to one grammar use optional blanks and spell what is forced.

    Grammars made from JSON schemas allow a blank around every sign, which leaves little forced, yet
    a model writes all its objects alike. And a model that would rather say something else spells a
    forced text in odd tokens, not as its vocabulary would, but each time in the same ones. All
    requests of one grammar share their habits, so the second answer is guessed better.
    """

    def __init__(self) -> None:
        self._characters: dict[tuple[str, frozenset[int]], int] = {}
        self._tokens: dict[State, TokenId] = {}

    def note_character(self, previous: str, state: State, character: str) -> None:
        """Remember what an answer went on with, if the grammar left a blank open there."""
        if not _has_open_blank(state):
            return
        code_point = ord(character)
        if code_point in _BLANKS or _is_sign_certain(state):
            self._characters[previous, state.singles] = code_point
        else:
            self._characters.pop((previous, state.singles), None)

    def character(self, previous: str, state: State) -> int | None:
        """The code point that usually follows at an open blank; None where there is no habit."""
        return self._characters.get((previous, state.singles)) if _has_open_blank(state) else None

    def note_token(self, state: State, token: TokenId) -> None:
        """Remember with which token an answer went on where the grammar left no real choice."""
        if self.is_fixed(state):
            self._tokens[state] = token

    def is_fixed(self, state: State) -> bool:
        """Whether the grammar leaves no choice here, or none but about a blank."""
        return state.forced is not None or (_has_open_blank(state) and _is_sign_certain(state))

    def token(self, state: State) -> TokenId | None:
        """The token that was written there the last time; None: it never came to that."""
        return self._tokens.get(state)


def _has_open_blank(state: State) -> bool:
    return state.forced is None and not _BLANKS.isdisjoint(state.singles)


def _is_sign_certain(state: State) -> bool:
    """Whether only one character can come if no blank does."""
    return not state.is_open and len(state.singles - _BLANKS) == 1

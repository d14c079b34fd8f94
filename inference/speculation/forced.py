"""Guessing what a grammar leaves no choice about."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence

from ..backends.base import Vocabulary
from ..request import TokenId
from .grammar import Automaton, CharacterSet, GrammarTooComplexError, State
from .habits import BlankHabits

_TOKEN_CHARACTERS = 8
"""Forced characters looked at for each token wanted; most tokens are shorter."""
_PROBES = ' a"0\n.,:}]_A'
"""Common characters: whichever a grammar allows next stand for all it allows."""
_MOST_PROBES = 6


class ForcedText:
    """The only way in which one request's answer can go on, but for habits about blanks.

    Tokens are guessed as the vocabulary itself would spell that text. Its last token is left out
    where another character behind it could change its spelling.

    Args:
        automaton: Of the request's grammar; requests with equal grammars may share it.
        habits: Of the same grammar, shared likewise.
        n_prompt: Tokens before the answer.
    """

    def __init__(
        self, automaton: Automaton, habits: BlankHabits, vocabulary: Vocabulary, n_prompt: int
    ) -> None:
        self._automaton = automaton
        self._habits = habits
        self._previous = ""
        self._vocabulary = vocabulary
        self._n_read = n_prompt
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._state: State | None = None

    def guess(self, tokens: Sequence[TokenId], n_max: int) -> list[TokenId]:
        """The forced tokens after `tokens`, at most `n_max`; none within a character.

        Raises:
            GrammarTooComplexError: The text cannot be followed any further; do not ask again.
        """
        state = self._follow(tokens)
        if self._decoder.getstate()[0]:
            return []
        text, end = self._forced(state, n_max * _TOKEN_CHARACTERS)
        return self._spelt(text, end)[:n_max] if text else []

    def _follow(self, tokens: Sequence[TokenId]) -> State:
        """Read what is new in the answer."""
        state = self._state or self._automaton.start()
        try:
            for token in tokens[self._n_read :]:
                for character in self._decoder.decode(self._vocabulary.piece(token)):
                    self._habits.note(self._previous, state, character)
                    state = self._automaton.step(state, ord(character))
                    self._previous = character
        except UnicodeDecodeError as exc:
            raise GrammarTooComplexError("the answer is not UTF-8") from exc
        if state.is_dead:
            raise GrammarTooComplexError("the answer is not what the grammar was read to allow")
        self._n_read = len(tokens)
        self._state = state
        return state

    def _forced(self, state: State, n_characters: int) -> tuple[str, State]:
        """The forced text, and where it leads; cut off after so many characters."""
        text: list[str] = []
        previous = self._previous
        while len(text) < n_characters:
            code_point = state.forced
            if code_point is None:
                code_point = self._habits.expected(previous, state)
            if code_point is None:
                break
            previous = chr(code_point)
            text.append(previous)
            state = self._automaton.step(state, code_point)
        return "".join(text), state

    def _spelt(self, text: str, end: State) -> list[TokenId]:
        """The leading tokens of a text that are the same whatever may follow it."""
        spellings = [self._tokens(text + probe) for probe in _probes(end)]
        stable = spellings[0]
        for spelling in spellings[1:]:
            pairs = enumerate(zip(stable, spelling, strict=False))
            n = next((i for i, (a, b) in pairs if a != b), min(len(stable), len(spelling)))
            stable = stable[:n]
        return self._within(stable, text.encode())

    def _tokens(self, text: str) -> list[TokenId]:
        return self._vocabulary.tokenize(text, parse_special=False)

    def _within(self, tokens: Sequence[TokenId], text: bytes) -> list[TokenId]:
        """The leading tokens that spell the text and nothing beyond it."""
        kept: list[TokenId] = []
        for token in tokens:
            piece = self._vocabulary.piece(token)
            if not piece or not text.startswith(piece):
                break
            kept.append(token)
            text = text[len(piece) :]
        return kept


def _probes(state: State) -> list[str]:
    """Examples of what may follow; the empty text if the answer may end."""
    sets = list(state.characters())
    probes = [sign for sign in _PROBES if any(ord(sign) in one for one in sets)]
    probes += [chr(code) for code in _first_of(sets) if not 0xD800 <= code < 0xE000]
    ends = [""] if state.can_end or not probes else []
    return [*ends, *dict.fromkeys(probes[:_MOST_PROBES])]


def _first_of(sets: Sequence[CharacterSet]) -> Iterator[int]:
    """The first code point of each range, control characters left out."""
    for one in sets:
        for start, stop in one.ranges:
            if max(start, 0x20) < stop:
                yield max(start, 0x20)

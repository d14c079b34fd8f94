"""Guessing what a grammar leaves no choice about."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..backends.base import Vocabulary
from ..request import TokenId
from .grammar import Automaton, CharacterSet, GrammarTooComplexError, State
from .habits import Habits

_TOKEN_CHARACTERS = 8
"""Forced characters looked at for each token wanted; most tokens are shorter."""
_PROBES = ' a"0\n.,:}]_A'
"""Common characters: whichever a grammar allows next stand for all it allows."""
_MOST_PROBES = 6


@dataclass(frozen=True, slots=True)
class ForcedGuess:
    """Forced tokens.

    Attributes:
        is_habit: Whether the first of them was seen written there before.
    """

    tokens: list[TokenId]
    is_habit: bool


class ForcedText:
    """The only way in which one request's answer can go on, but for habits about blanks.

    Tokens are guessed as they were written the last time, else as the vocabulary itself would spell
    the text; then its last token is left out where another character could change its spelling.

    Args:
        automaton: Of the request's grammar; requests with equal grammars may share it.
        habits: Of the same grammar, shared likewise.
        n_prompt: Tokens before the answer.
    """

    def __init__(
        self, automaton: Automaton, habits: Habits, vocabulary: Vocabulary, n_prompt: int
    ) -> None:
        self._automaton = automaton
        self._habits = habits
        self._previous = ""
        self._vocabulary = vocabulary
        self._n_read = n_prompt
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._state: State | None = None

    def guess(self, tokens: Sequence[TokenId], n_max: int) -> ForcedGuess:
        """The forced tokens after `tokens`, at most `n_max`; none within a character.

        Raises:
            GrammarTooComplexError: The text cannot be followed any further; do not ask again.
        """
        state = self._follow(tokens)
        if self._is_within_character:
            return ForcedGuess([], is_habit=False)
        spelt = self._spelt(state, n_max)
        return ForcedGuess(spelt, bool(spelt) and self._habits.token(state) == spelt[0])

    @property
    def _is_within_character(self) -> bool:
        return bool(self._decoder.getstate()[0])

    def _follow(self, tokens: Sequence[TokenId]) -> State:
        """Read what is new in the answer."""
        state = self._state or self._automaton.start()
        try:
            for place in range(self._n_read, len(tokens)):
                state = self._read(state, tokens[place])
        except UnicodeDecodeError as exc:
            raise GrammarTooComplexError("the answer is not UTF-8") from exc
        if state.is_dead:
            raise GrammarTooComplexError("the answer is not what the grammar was read to allow")
        self._n_read = len(tokens)
        self._state = state
        return state

    def _read(self, state: State, token: TokenId) -> State:
        if not self._is_within_character:
            self._habits.note_token(state, token)
        for character in self._decoder.decode(self._vocabulary.piece(token)):
            self._habits.note_character(self._previous, state, character)
            state = self._automaton.step(state, ord(character))
            self._previous = character
        return state

    def _spelt(self, state: State, n_max: int) -> list[TokenId]:
        """The forced tokens after a state: by habit where there is one, else canonical."""
        spelt: list[TokenId] = []
        previous = self._previous
        canonical: list[TokenId] | None = None
        while len(spelt) < n_max:
            token = self._habits.token(state)
            if token is not None and (piece := self._certain(state, token)):
                spelt.append(token)
                canonical = None
            else:
                if canonical is None:
                    n_characters = (n_max - len(spelt)) * _TOKEN_CHARACTERS
                    canonical = self._canonical(*self._forced(state, previous, n_characters))
                n_tokens, piece = self._whole_characters(canonical)
                spelt += canonical[:n_tokens]
                del canonical[:n_tokens]
            if not piece:
                break
            state, previous = self._after(state, piece), piece[-1]
        return spelt[:n_max]

    def _forced(self, state: State, previous: str, n_characters: int) -> tuple[str, State]:
        """The forced text, and where it leads; cut off after so many characters."""
        text: list[str] = []
        while len(text) < n_characters:
            code_point = state.forced
            if code_point is None:
                code_point = self._habits.character(previous, state)
            if code_point is None:
                break
            previous = chr(code_point)
            text.append(previous)
            state = self._automaton.step(state, code_point)
        return "".join(text), state

    def _after(self, state: State, text: str) -> State:
        for character in text:
            state = self._automaton.step(state, ord(character))
        return state

    def _certain(self, state: State, token: TokenId) -> str:
        """A token's text, if the grammar leaves at most blanks open all along it; else empty."""
        _, piece = self._whole_characters([token])
        for character in piece:
            if not self._habits.is_fixed(state):
                return ""
            state = self._automaton.step(state, ord(character))
        return "" if state.is_dead else piece

    def _whole_characters(self, tokens: Sequence[TokenId]) -> tuple[int, str]:
        """How many leading tokens it takes to spell whole characters, and those characters."""
        data = b""
        for n_tokens, token in enumerate(tokens, 1):
            data += self._vocabulary.piece(token)
            try:
                return n_tokens, data.decode()
            except UnicodeDecodeError:
                continue
        return 0, ""

    def _canonical(self, text: str, end: State) -> list[TokenId]:
        """The vocabulary's spelling of a text, as far as it is the same whatever follows."""
        if not text:
            return []
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

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from inference.request import TokenId
from inference.speculation.forced import ForcedText
from inference.speculation.grammar import Automaton, GrammarTooComplexError, parse_gbnf
from inference.speculation.habits import Habits

PROMPT = [TokenId(0)] * 3
OBJECTS = r"""
root ::= "[" item+ "]"
item ::= "{" ws "\"name\"" ws ":" ws [0-9]+ ws "}" ws
ws ::= " "?
"""


class WordVocabulary:
    """Spells texts in the longest words it knows, then in bytes, as merged tokens do."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = sorted(words, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, self._words), "(?s:.)"]))

    def tokenize(self, text: str, *, parse_special: bool) -> list[TokenId]:
        tokens: list[int] = []
        for part in self._pattern.findall(text):
            known = part in self._words
            tokens += [256 + self._words.index(part)] if known else part.encode()
        return [TokenId(token) for token in tokens]

    def piece(self, token: TokenId) -> bytes:
        return self._words[token - 256].encode() if token >= 256 else bytes([token])

    def is_end(self, token: TokenId) -> bool:
        return token == 0

    def text(self, tokens: Iterable[TokenId]) -> str:
        return b"".join(map(self.piece, tokens)).decode()


def forced(grammar: str, words: Iterable[str] = ()) -> tuple[ForcedText, WordVocabulary]:
    vocabulary = WordVocabulary(words)
    automaton = Automaton(parse_gbnf(grammar))
    return ForcedText(automaton, Habits(), vocabulary, len(PROMPT)), vocabulary


def guess_after(grammar: str, answer: str, words: Iterable[str] = (), n_max: int = 32) -> str:
    text, vocabulary = forced(grammar, words)
    answered = vocabulary.tokenize(answer, parse_special=False)
    return vocabulary.text(text.guess([*PROMPT, *answered], n_max).tokens)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("", "Cause: "), ("Cau", "se: "), ("Cause: [3", "]. Next: "), ("Cause: [3]. Next: x", "")],
)
def test_the_forced_text_after_an_answer_is_guessed(answer: str, expected: str) -> None:
    assert (
        guess_after('root ::= "Cause: " ("[" [1-9] | "none") "]. Next: " [a-z]+', answer)
        == expected
    )


def test_the_guess_ends_with_the_answer() -> None:
    assert guess_after('root ::= "yes" | "no"', "y") == "es"
    assert guess_after('root ::= "yes" | "no"', "yes") == ""


def test_a_last_token_that_could_grow_is_held_back() -> None:
    grammar = 'root ::= "key: " ("\\"" | [a-z])'
    assert guess_after(grammar, "") == "key: "
    assert guess_after(grammar, "", words=[": ", ': "']) == "key"
    assert guess_after(grammar, "", words=[": ", ' "x']) == "key: "


def test_a_guess_is_cut_to_the_tokens_wanted() -> None:
    assert guess_after('root ::= "abcdefgh" [a-z]', "", n_max=3) == "abc"


def test_characters_of_several_tokens_are_followed() -> None:
    text, vocabulary = forced('root ::= "é→" [0-9] "🔥!"')
    tokens = [*PROMPT, *vocabulary.tokenize("é→1", parse_special=False)]
    assert vocabulary.text(text.guess(tokens[:3], 32).tokens) == "é→"
    assert text.guess(tokens[:4], 32).tokens == []
    assert vocabulary.text(text.guess(tokens, 32).tokens) == "🔥!"


def test_an_answer_outside_the_grammar_is_followed_no_further() -> None:
    text, vocabulary = forced('root ::= "ab"')
    with pytest.raises(GrammarTooComplexError, match="allow"):
        text.guess([*PROMPT, *vocabulary.tokenize("ax", parse_special=False)], 8)


def test_an_answer_that_is_no_text_is_followed_no_further() -> None:
    text, _ = forced("root ::= .*")
    with pytest.raises(GrammarTooComplexError, match="UTF-8"):
        text.guess([*PROMPT, TokenId(0xFF), TokenId(0xFF)], 8)


def test_optional_blanks_are_expected_as_they_were_written_before() -> None:
    assert guess_after(OBJECTS, "[{") == ""
    assert guess_after(OBJECTS, '[{"') == 'name"'
    assert guess_after(OBJECTS, '[{"name": 1}{') == '"name": '
    assert guess_after(OBJECTS, '[{ "name" :1}{') == ' "name" :'


def test_habits_are_those_of_all_answers_to_a_grammar() -> None:
    vocabulary, habits = WordVocabulary(), Habits()
    automaton = Automaton(parse_gbnf(OBJECTS))
    first, second = (ForcedText(automaton, habits, vocabulary, 0) for _ in range(2))
    first.guess(vocabulary.tokenize('[{"name": 1}', parse_special=False), 8)
    assert vocabulary.text(second.guess([], 32).tokens) == '[{"name": '


def test_a_forced_text_is_spelt_as_it_was_written_before() -> None:
    vocabulary, habits = WordVocabulary(["next"]), Habits()
    automaton = Automaton(parse_gbnf('root ::= "a: " [0-9] " next: " [0-9]'))
    first, second, third = (ForcedText(automaton, habits, vocabulary, 0) for _ in range(3))
    assert vocabulary.text(second.guess([], 4).tokens) == "a: "
    assert not second.guess([], 4).is_habit
    first.guess([TokenId(byte) for byte in b"a: 1 next: 2"], 4)
    after_number = third.guess([TokenId(byte) for byte in b"a: 1"], 8)
    assert after_number.tokens == list(b" next: ")
    assert after_number.is_habit

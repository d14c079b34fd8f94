from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.speculation.grammar import Automaton, GrammarSyntaxError, parse_gbnf


def accepts(grammar: str, text: str) -> bool:
    automaton = Automaton(parse_gbnf(grammar))
    state = automaton.start()
    for character in text:
        state = automaton.step(state, ord(character))
    return state.can_end


@pytest.mark.parametrize(
    ("grammar", "pattern"),
    [
        ('root ::= "a" "b" | "c"', r"ab|c"),
        ('root ::= ("a" | "b")* "c"', r"(a|b)*c"),
        ('root ::= "ab"* "c"', r"(ab)*c"),
        ("root ::= [a-b]+ [^ab]", r"[a-b]+[^ab]"),
        ("root ::= [ab-]{2}", r"[ab-]{2}"),
        ("root ::= .{1,3}", r"(?s:.){1,3}"),
        ('root ::= "a"{2,} "b"{,}', None),
        ('root ::= "a"{2,} "b"?', r"a{2,}b?"),
        ('root ::= x? x?\nx ::= "a" | "b" x', r"((b*a)?){2}"),
        ('root ::= ("a" "b"?){0,2} "c"', r"(ab?){0,2}c"),
        ('root ::= ("" | "a"){3}', r"a{0,3}"),
        ("root ::= [a\\]\\-] [\\x62\\u0063]", r"[a\]-][bc]"),
        ('# a comment\nroot ::= # more\n  "a" (\n "b" # inside\n | "c"\n)\n\n', r"a(b|c)"),
        ('root ::= "a" |\n "b"', r"a|b"),
        ('root ::= ""', r""),
        ('root ::= "a"+?', r"(a+)?"),
    ],
)
@given(text=st.text(alphabet="abc-]\n", max_size=6))
def test_a_grammar_accepts_what_the_equal_pattern_matches(
    grammar: str, pattern: str | None, text: str
) -> None:
    if pattern is None:
        with pytest.raises(GrammarSyntaxError):
            parse_gbnf(grammar)
        return
    assert accepts(grammar, text) is (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize(
    ("escape", "character"), [("\\n", "\n"), ('\\"', '"'), ("\\U0001F525", "🔥")]
)
def test_an_escape_stands_for_its_character(escape: str, character: str) -> None:
    assert accepts(f'root ::= "{escape}"', character)


def test_recursion_matches_nested_brackets() -> None:
    grammar = 'root ::= "(" root ")" | "x"'
    assert accepts(grammar, "(((x)))")
    assert not accepts(grammar, "(((x))")


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        ("", "no rule root"),
        ('other ::= "a"', "no rule root"),
        ("root ::= missing", "no rule missing"),
        ("root := x", "::= is expected"),
        ('root ::= "a', "a character is expected"),
        ("root ::= [a", "a character is expected"),
        ('root ::= ("a"', r"\) is expected"),
        ('root ::= "a" )', "end of the line"),
        ('root ::= "\\q"', "escape"),
        ('root ::= "\\x4"', "2 hexadecimal digits"),
        ('root ::= "\\xzz"', "2 hexadecimal digits"),
        ('root ::= "a"{3,2}', "bounds 3,2"),
        ('root ::= "a"{5000}', "bounds 5000,5000"),
        ('root ::= "a"{x}', "a number is expected"),
        ("root ::= <[1]>", "whole tokens"),
        ("root ::= " + "(" * 100 + '"a"' + ")" * 100, "nested"),
        ("= x", "name of a rule"),
    ],
)
def test_what_is_not_understood_is_an_error_that_says_where(grammar: str, message: str) -> None:
    with pytest.raises(GrammarSyntaxError, match=message) as caught:
        parse_gbnf(grammar)
    assert 0 <= caught.value.position <= len(grammar)


@given(st.text(alphabet='root:=|"[]()^-\\{}0,1*?+.ax#\n <!', max_size=40))
def test_any_text_is_a_grammar_or_a_syntax_error(text: str) -> None:
    try:
        grammar = parse_gbnf(f"root ::= {text}")
    except GrammarSyntaxError as exc:
        assert "at character" in str(exc)
    else:
        assert "root" in grammar.rules

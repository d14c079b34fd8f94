from __future__ import annotations

import time

import pytest

from inference.speculation.grammar import Automaton, GrammarTooComplexError, State, parse_gbnf


def follow(automaton: Automaton, text: str) -> State:
    state = automaton.start()
    for character in text:
        state = automaton.step(state, ord(character))
    return state


@pytest.mark.parametrize(
    ("grammar", "text", "forced"),
    [
        ('root ::= "yes" | "yellow"', "", "y"),
        ('root ::= "yes" | "yellow"', "ye", None),
        ('root ::= "yes" | "yellow"', "yel", "l"),
        ('root ::= "a"?', "", None),
        ("root ::= [ab]", "", None),
        ("root ::= [a]", "", "a"),
        ('root ::= "a"{2}', "a", "a"),
        ('root ::= "a"', "a", None),
    ],
)
def test_a_character_is_forced_when_nothing_else_may_follow(
    grammar: str, text: str, forced: str | None
) -> None:
    state = follow(Automaton(parse_gbnf(grammar)), text)
    assert state.forced == (None if forced is None else ord(forced))


def test_what_the_grammar_forbids_is_a_dead_end() -> None:
    state = follow(Automaton(parse_gbnf('root ::= "a" [0-9]')), "ax")
    assert state.is_dead
    assert not state.can_end
    assert state.forced is None


def test_equal_states_are_one_object() -> None:
    automaton = Automaton(parse_gbnf('root ::= ([a-z] | "é")* "."'))
    assert follow(automaton, "a") is follow(automaton, "zébra")


def test_a_long_repetition_needs_few_stacks() -> None:
    automaton = Automaton(parse_gbnf('root ::= [^.]{8,160} [^ .] "."'))
    state = follow(automaton, "x" * 100)
    assert len(state.stacks) <= 3
    assert follow(automaton, "x" * 161 + ".").can_end
    assert follow(automaton, "x" * 162).is_dead


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= root "a" | "b"',
        'root ::= x x x\nx ::= x "a"',
        'root ::= ("" | "a"){0,2000}{0,2000}',
        'root ::= "(" root ")" | "x" | "(" root "]"',
    ],
)
def test_work_is_bounded_whatever_the_grammar(grammar: str) -> None:
    automaton = Automaton(parse_gbnf(grammar))
    started = time.monotonic()
    with pytest.raises(GrammarTooComplexError):
        follow(automaton, "(" * 400)
    assert time.monotonic() - started < 2


def test_ambiguity_beyond_bounds_is_given_up() -> None:
    rules = "\n".join(f'r{i} ::= [a-z]* "{i}x"' for i in range(100))
    grammar = "root ::= " + " | ".join(f"r{i}" for i in range(100)) + "\n" + rules
    with pytest.raises(GrammarTooComplexError):
        follow(Automaton(parse_gbnf(grammar)), "abc")

from __future__ import annotations

import pytest

from inference.grammar_limits import MAX_DEPTH, MAX_REPEATED, checked_grammar


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= "yes" | "no"',
        'root ::= "a"{3,5} [0-9]{1,40} digits{,9}\ndigits ::= [0-9]+',
        f"root ::= {'(' * MAX_DEPTH}{')' * MAX_DEPTH}",
        f'root ::= "{"(" * 5000}{{" [({{] # {"(" * 5000}',
        'root ::= "\\"{9999999}"',
        f'root ::= "{"a" * 60_000}"  part{{2000}}',
    ],
)
def test_a_grammar_within_bounds_is_returned_as_it_is(grammar: str) -> None:
    assert checked_grammar(grammar) == grammar


def test_brackets_nested_too_deep_are_refused_with_the_limit() -> None:
    with pytest.raises(ValueError, match=f"deeper than {MAX_DEPTH}"):
        checked_grammar(f"root ::= {'(' * (MAX_DEPTH + 1)}")


@pytest.mark.parametrize(
    "grammar",
    [
        f'root ::= "{"a" * 60_000}"{{2000}}',
        f'root ::= "{"a" * 60_000}" {{0,2000}}',
        f"root ::= [{'ab' * 30_000}]{{100}}",
        'root ::= "abcdefgh"{2000}{2000}',
        "root ::= " + '"abcdefghij"{2000} ' * 100,
    ],
)
def test_repetitions_that_grow_too_large_are_refused_with_the_limit(grammar: str) -> None:
    with pytest.raises(ValueError, match=f"more than {MAX_REPEATED:,}"):
        checked_grammar(grammar)

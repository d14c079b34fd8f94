"""What a model can write about evidence: its clauses and its names, and nothing else."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.quotable import grammar_of
from inference.grammar_limits import checked_grammar

EVIDENCE = (
    "shop, cart-api\n"
    "[4] NEW in db, 9 lines, ERROR, since 08:03:19: too many connections: 20 of 20 slots\n"
    '[1] NEW, 40 lines, ERROR, since 08:03:20: cannot open "C:\\data" at /srv/pool.py:33'
)
_RULE = re.compile(
    r'^(q\d+-\d+) ::= "((?:[^"\\]|\\.)*)"(?: \("((?:[^"\\]|\\.)*)" (q\d+-\d+)\)\?)?$'
)


def quotable(grammar: str) -> set[str]:
    """Every quotation that the grammar lets through."""
    rules = {match[1]: match for line in grammar.split("\n") if (match := _RULE.match(line))}
    (choice,) = (line for line in grammar.split("\n") if line.startswith("quote ::= "))
    found: set[str] = set()
    for start in choice.removeprefix("quote ::= ").split(" | "):
        text, rule = "", rules.get(start)
        while rule is not None:
            text += _plain(rule[2])
            found.add(text)
            text += _plain(rule[3] or "")
            rule = rules.get(rule[4]) if rule[4] else None
    return found


def _plain(literal: str) -> str:
    return re.sub(
        r"\\U([0-9A-F]{8})|\\(.)",
        lambda match: chr(int(match[1], 16)) if match[1] else match[2],
        literal,
    )


def test_whole_clauses_of_an_entry_can_be_quoted_and_runs_of_them() -> None:
    assert quotable(grammar_of(EVIDENCE)) == {
        "too many connections",
        "too many connections: 20 of 20 slots",
        "20 of 20 slots",
        'cannot open "C:\\data" at /srv/pool.py:33',
    }


def test_the_next_check_names_a_service_or_something_an_entry_names() -> None:
    (names,) = (line for line in grammar_of(EVIDENCE).split("\n") if line.startswith("name ::= "))
    assert names == 'name ::= "shop" | "cart-api" | "srv/pool.py:33"'


def test_one_clause_alone_explains_itself() -> None:
    assert "because of" not in grammar_of("shop\n[1] NEW, 3 lines: out of memory")
    assert "because of" in grammar_of(EVIDENCE)


@given(st.lists(st.text(min_size=1, max_size=80), max_size=6))
def test_whatever_the_evidence_only_its_own_text_can_be_quoted(texts: list[str]) -> None:
    lines = [f"[{n}] NEW, 1 line: {' '.join(text.split())}" for n, text in enumerate(texts, 1)]
    evidence = "\n".join(("svc", *lines))
    grammar = checked_grammar(grammar_of(evidence))
    assert grammar.count("\nquote ::= ") == 1
    assert all(quote in evidence for quote in quotable(grammar))

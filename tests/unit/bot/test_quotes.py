"""What a sentence may claim: only what its evidence contains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quotes import check, split_sentences, unsupported

EVIDENCE = (
    "[1] NEW, 1204 lines, since 10:02:11: connection to postgres at 10.0.3.7:5432 refused\n"
    "[2] ×14, 611 lines: retrying transaction 88 attempt 3, waited 500 ms, slots 10/20"
)
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60)


@pytest.mark.parametrize(
    "sentence",
    [
        "postgres at 10.0.3.7 refused 1,204 connections since 10:02:11 [1].",
        "It says `connection to postgres` and “retrying transaction” [1][2].",
        "Each waited 500ms; 10 of 20 slots were used [1-2].",
        "The client's pool can't recover.",
        "Retries followed.",
    ],
)
def test_a_sentence_made_of_the_evidence_stands(sentence: str) -> None:
    assert unsupported(sentence, EVIDENCE, 2) == ""


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("It says `disk full`.", "quote not found"),
        ('It says "connection to mysql".', "quote not found"),
        ("It says 'connection to mysql'.", "quote not found"),
        ("It says “retrying the transaction”.", "quote not found"),
        ("It refused 1205 connections.", "number not found"),
        ("It is 10.0.3.8.", "number not found"),
        ("The host db-7 is down.", "number not found"),
        ("It took 50 ms.", "number not found"),
        ("The retries are to blame [3].", "citation of nothing"),
        ("It says `connection to postgres.", "quote without an end"),
    ],
)
def test_a_sentence_with_something_made_up_falls(sentence: str, reason: str) -> None:
    assert unsupported(sentence, EVIDENCE, 2) == reason


@given(_TEXT, _TEXT)
def test_a_quote_stands_exactly_when_the_evidence_contains_it(quoted: str, evidence: str) -> None:
    words = " ".join("".join(c for c in quoted if c not in "`[]\"'“”«»„\u2018\u2019").split())
    if not words or any(c.isdigit() for c in words):
        return
    is_there = words in " ".join(evidence.split())
    assert (unsupported(f"It says `{words}`.", evidence) == "") == is_there


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), max_size=8))
def test_a_number_stands_exactly_when_the_evidence_contains_it(
    number: int, known: list[int]
) -> None:
    evidence = " and ".join(map(str, known))
    is_there = number in known
    assert (unsupported(f"There were {number} of them.", evidence) == "") == is_there
    assert (unsupported(f"There were {number:,} of them.", evidence) == "") == is_there


@given(_TEXT)
def test_no_word_is_lost_when_a_text_is_cut_into_sentences(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


@given(st.lists(_TEXT, max_size=6), _TEXT)
def test_every_sentence_is_kept_or_counted(sentences: list[str], evidence: str) -> None:
    checked = check(sentences, evidence, 3)
    assert len(checked.sentences) + checked.n_withheld == len(sentences)
    assert set(checked.sentences) <= set(sentences)


def test_abbreviations_do_not_end_a_sentence() -> None:
    text = "Look at the host, e.g. Its disk. Then wait."
    assert split_sentences(text) == ("Look at the host, e.g. Its disk.", "Then wait.")

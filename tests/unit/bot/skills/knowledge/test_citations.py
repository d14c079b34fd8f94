"""Which sentences the passages support."""

from __future__ import annotations

import pytest

from bot.skills.knowledge.citations import (
    Fault,
    check,
    cited_numbers,
    complete_sentences,
    is_off_topic,
)

SOURCES = {
    1: "Mail queue > When it grows\nPause the newsletter with `mailctl pause newsletter`. Alert "
    "team Mail when the queue is above 5000 for 10 minutes.",
    2: "Backups > Orders\nA full backup is made every night at 02:00 UTC and kept for 35 days.",
}


def test_a_supported_sentence_is_kept_with_its_citation() -> None:
    checked = check("Alert team Mail when the queue is above 5000 for 10 minutes [1].", SOURCES)
    assert checked.fault is None
    assert checked.text == "Alert team Mail when the queue is above 5000 for 10 minutes. [1]"


@pytest.mark.parametrize("wrong", ["[2]", "[7]", ""])
def test_a_wrong_or_missing_citation_is_corrected_when_one_passage_clearly_says_it(
    wrong: str,
) -> None:
    checked = check(f"A full backup is made every night at 02:00 UTC {wrong}", {**SOURCES})
    assert checked.fault is None
    assert cited_numbers(checked.text) == (2,)


def test_of_several_citations_only_those_that_hold_remain() -> None:
    checked = check("A full backup is kept for 35 days [1][2]", SOURCES)
    assert cited_numbers(checked.text) == (2,)


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Restart the database cluster from scratch today [1]", Fault.NOT_SUPPORTED),
        ("A full backup is made every night at 03:00 UTC [2]", Fault.NUMBER_NOT_FOUND),
        ("A full backup is made every night and kept for 36 days [2]", Fault.NUMBER_NOT_FOUND),
        ("Pause the newsletter with `mailctl stop newsletter` [1]", Fault.CODE_NOT_FOUND),
        ("Pause the newsletter with mailctl pause --force newsletter [1]", Fault.CODE_NOT_FOUND),
        ("Mail queue [1]", Fault.FRAGMENT),
        ("Mail queue > When it grows [1]", Fault.FRAGMENT),
    ],
)
def test_what_the_passages_do_not_say_is_withheld(sentence: str, fault: Fault) -> None:
    assert check(sentence, SOURCES).fault is fault


def test_parts_of_two_passages_do_not_add_up_to_a_new_claim() -> None:
    sentence = "The newsletter backup is paused every night for 35 minutes [1][2]"
    assert check(sentence, SOURCES).fault is not None


def test_brackets_inside_code_are_code() -> None:
    sources = {
        1: "Pods > Names\nPrint the first with `kubectl get pods -o jsonpath='{.items[0]}'`."
    }
    checked = check(
        "Print the first with `kubectl get pods -o jsonpath='{.items[0]}'` [1]", sources
    )
    assert checked.fault is None
    assert cited_numbers(checked.text) == (1,)
    assert "{.items[0]}" in checked.text


def test_without_passages_nothing_holds() -> None:
    assert check("A full backup is made every night [1]", {}).fault is Fault.NOT_SUPPORTED


def test_a_line_that_still_grows_is_not_a_sentence_yet() -> None:
    text = "First thing [1].\n- Second thing [2]. Third"
    assert complete_sentences(text, is_final=False) == ["First thing [1]."]
    assert complete_sentences(text, is_final=True) == [
        "First thing [1].",
        "Second thing [2]",
        "Third",
    ]


def test_sentences_only_ever_grow_in_number() -> None:
    text = "1. One two three [1]\n\n2. Four five [1]. Six [2]\nrest"
    counts = [len(complete_sentences(text[:n], is_final=False)) for n in range(len(text) + 1)]
    assert counts == sorted(counts)
    assert counts[-1] == 3


def test_a_lesser_document_must_share_a_word_with_the_question() -> None:
    best = frozenset({1})
    assert is_off_topic("A full backup is kept. [2]", "the queue grows", best)
    assert not is_off_topic("A full backup is kept. [2]", "where is the backup?", best)
    assert not is_off_topic("Pause the newsletter. [1]", "what now", best)

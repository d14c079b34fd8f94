"""Words of several languages stand for the same concepts, in the order of the text."""

from __future__ import annotations

import pytest

from bot.router.concepts import concepts, read, shipped
from bot.router.ngrams import features

TABLE = read(
    "# a comment\n\nrestart: restart*, bounce, neu starten, 重启\nstop: stop, 停\nevery: every, 每, 每天\n"
    "halt: stop"
)


def found(text: str) -> list[str]:
    return list(TABLE.found(text))


def test_words_endings_and_phrases_are_found_in_their_order() -> None:
    assert found("Restarting it every day, bounce") == ["restart", "every", "restart"]
    assert found("bitte neu starten") == ["restart"]
    assert found("bounced neu gestartet") == []


def test_the_longest_term_counts_in_running_characters() -> None:
    assert found("每天重启x停") == ["every", "restart", "stop"]


def test_a_term_may_stand_for_two_things() -> None:
    assert found("stop") == ["stop", "halt"]


@pytest.mark.parametrize("line", ["restart restart*", "re start: x", ": x"])
def test_a_faulty_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a concept"):
        read(line)


@pytest.mark.parametrize(
    "text",
    ["restart web-3", "reinicia web-3", "starte web-3 neu", "重启 web-3", "web-3を再起動して"],
)
def test_the_shipped_table_knows_an_order_in_each_language(text: str) -> None:
    assert "restart" in concepts(text)
    assert "k:restart" in features(text)


@pytest.mark.parametrize("text", ["", "?!", "\u2019", "42", "a" * 4000, "重" * 900])
def test_any_text_is_read(text: str) -> None:
    assert isinstance(concepts(text), tuple)


def test_every_term_of_the_shipped_table_can_be_found() -> None:
    table = shipped()
    for terms in (table.phrases, table.prefixes, table.characters):
        for term, names in terms.items():
            assert set(names) & set(table.found(term)), term

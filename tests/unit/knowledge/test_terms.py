"""Text into search terms."""

from __future__ import annotations

import pytest

from knowledge.terms import identifiers, strip_markup, terms


def test_words_are_stemmed_and_stop_words_dropped() -> None:
    assert terms("The connections were refused") == ["connect", "refus"]


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("CheckoutPoolExhausted", ["checkout", "pool", "exhaust"]),
        ("pg_xid_wraparound", ["pg", "xid", "wraparound"]),
        ("kube-proxy", ["kube", "proxi"]),
        ("spec.volumeClaimTemplates", ["spec", "volum", "claim", "templat"]),
        ("HTTPServerError", ["http", "server", "error"]),
    ],
)
def test_an_identifier_gives_itself_and_its_parts(identifier: str, parts: list[str]) -> None:
    assert terms(identifier) == [identifier.lower(), *parts]


def test_chinese_gives_pairs_and_mixes_with_latin() -> None:
    assert terms("磁盘满了 PVC") == ["磁盘", "盘满", "满了", "pvc"]


@pytest.mark.parametrize(
    "name", ["CheckoutPoolExhausted", "pg_stat_activity", "SC2086", "cert-manager.io/v1", "0x1F4A"]
)
def test_names_that_only_their_document_holds_are_identifiers(name: str) -> None:
    assert identifiers(f"what is {name} about?") == (name.lower(),)


@pytest.mark.parametrize(
    "text", ["why is checkout failing", "What Happened Here", "10.0.3.7", "e.g."]
)
def test_plain_words_and_addresses_are_no_identifiers(text: str) -> None:
    assert identifiers(text) == ()


def test_chat_markup_goes_and_labels_stay() -> None:
    assert strip_markup("<@U1> see <https://a.example/x|the page> <#C2|ops>") == " see the page ops"

"""Whether a question is about a product of which nothing is known."""

from __future__ import annotations

import pytest

from bot.skills.knowledge.products import named

_PASSAGES = ("db/postgres.md Replication lag: end the query in PostgreSQL. HostLagHigh fires.",)


@pytest.mark.parametrize(
    "question",
    [
        "mysql replica lags",
        "how do I rotate the certificates of linkerd?",
        "ClickHouse is read only",
    ],
)
def test_a_product_that_no_passage_holds_is_elsewhere(question: str) -> None:
    assert named(question, _PASSAGES).is_elsewhere


@pytest.mark.parametrize(
    "question",
    [
        "psql replica lags",
        "pg is slow",
        "who do I page for the database?",
        "replica lags",
        "HostLagHigh on the kafka host",
        "moving from mysql to postgres",
        "",
    ],
)
def test_other_names_of_a_product_and_exact_names_are_here(question: str) -> None:
    assert not named(question, _PASSAGES).is_elsewhere


def test_what_is_missing_beside_what_is_found_is_told() -> None:
    found = named("moving from mysql to postgres", _PASSAGES)
    assert (found.missing, found.found) == ({"mysql"}, {"postgres"})


def test_a_name_inside_of_another_word_is_not_the_product() -> None:
    assert named("redis is down", ("predisposed to fail",)).is_elsewhere

"""Queries are PromQL for every service, and can be overridden."""

from __future__ import annotations

import pytest

from bot.skills.investigation.causes import causes
from bot.skills.investigation.errors import DeclarationError
from bot.skills.investigation.golden import GoldenQuery, golden_queries, queries_for


@pytest.mark.parametrize("query", golden_queries(), ids=lambda each: each.name)
def test_a_query_is_promql_and_speaks_for_a_cause_or_shows_trouble(query: GoldenQuery) -> None:
    assert 'checkout"' in query.promql("checkout")
    assert query.signal in causes() or query.is_symptom


def test_a_service_name_cannot_leave_its_string() -> None:
    text = golden_queries()[0].promql('x"}) or vector(1) #')
    assert '\\"' in text


def test_overrides_go_from_general_to_special() -> None:
    found = queries_for("a", {"cpu": "up", "disk": ""}, {"a": {"cpu": "down"}})
    by_name = {each.name: each.query for each in found}
    assert by_name["cpu"] == "down"
    assert "disk" not in by_name
    assert {each.name: each.query for each in queries_for("b", {"cpu": "up"}, {})}["cpu"] == "up"


def test_a_wrong_query_is_refused_by_its_name() -> None:
    wrong = queries_for("a", {"cpu": "sum(("}, {})
    cpu = next(each for each in wrong if each.name == "cpu")
    with pytest.raises(DeclarationError, match="cpu"):
        cpu.promql("a")

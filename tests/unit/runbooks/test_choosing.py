"""Requests as people and monitoring write them, against the builtin runbooks."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import yaml

from runbooks.catalog import Catalog

REQUESTS = cast(
    "dict[str, list[str]]",
    yaml.safe_load(Path(__file__).with_name("requests.yaml").read_text(encoding="utf-8")),
)
MINIMAL = """\
name: {name}
title: {title}
version: 1
summary: s
symptoms: [{symptoms}]
{more}
steps:
  - {{id: a, title: A, risk: low, run: {{argv: ["true"]}}}}
"""


def test_a_request_of_one_telling_word_has_near_runbooks_though_none_answers(
    catalog: Catalog,
) -> None:
    assert not catalog.choose("restart checkout").matches
    near = [runbook.name for runbook in catalog.near("restart checkout")]
    assert near[:2] == ["service-restart", "kubernetes-rollout-restart"]
    assert len(catalog.near("restart checkout", 1)) == 1
    assert catalog.near("make coffee") == ()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def _catalog(folder: Path, *runbooks: tuple[str, str, str, str]) -> Catalog:
    for name, title, symptoms, more in runbooks:
        text = MINIMAL.format(name=name, title=title, symptoms=symptoms, more=more)
        (folder / f"{name}.yaml").write_text(text)
    return Catalog.load([folder])


def test_nearly_every_request_is_answered_by_its_runbook(catalog: Catalog) -> None:
    asked = [
        (text, name)
        for name, texts in REQUESTS.items()
        if name in catalog.runbooks
        for text in texts
    ]
    choices = [(catalog.choose(text), name) for text, name in asked]
    right = sum(c.sure and c.matches[0].runbook.name == name for c, name in choices)
    wrong = sum(c.sure and c.matches[0].runbook.name != name for c, name in choices)
    assert len(asked) >= 56
    assert right / len(asked) >= 0.88
    assert wrong / len(asked) <= 0.02


@pytest.mark.parametrize("text", REQUESTS["none"])
def test_a_request_that_no_runbook_answers_chooses_none(catalog: Catalog, text: str) -> None:
    choice = catalog.choose(text)
    assert not choice.sure, choice.matches


def test_two_runbooks_that_fit_alike_are_both_offered(tmp_path: Path) -> None:
    catalog = _catalog(
        tmp_path,
        ("tea-pot", "Refill the pot", "kettle is empty", ""),
        ("tea-tin", "Refill the tin", "kettle is empty", ""),
    )
    choice = catalog.choose("the kettle is empty")
    assert not choice.sure
    assert [match.runbook.name for match in choice.matches] == ["tea-pot", "tea-tin"]


def test_a_declared_synonym_finds_its_runbook_and_no_other(tmp_path: Path) -> None:
    catalog = _catalog(
        tmp_path,
        ("tea-pot", "Refill the pot", "kettle is empty", "synonyms: {kettle: [samovar, tea urn]}"),
        ("bin-day", "Put the bins out", "wheelie bin overflows", ""),
    )
    for said in ("samovar empty", "our tea urn is empty"):
        assert catalog.choose(said).matches[0].runbook.name == "tea-pot"
    assert catalog.match("samovar overflows") == ()


def test_the_service_label_of_an_alert_prefers_the_runbook_of_that_service(tmp_path: Path) -> None:
    catalog = _catalog(
        tmp_path,
        ("tea-pot", "Refill the pot", "kettle is empty", "services: [kitchen]"),
        ("tea-tin", "Refill the tin", "kettle is empty", "services: [pantry]"),
    )
    choice = catalog.choose("alertname=Empty, service=pantry\nthe kettle is empty")
    assert choice.sure
    assert choice.matches[0].runbook.name == "tea-tin"

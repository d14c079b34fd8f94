from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.catalog import Catalog, lint_path
from runbooks.errors import UnknownRunbookError

MINIMAL = """\
name: {name}
title: Water the plants
version: 1
summary: s
services: [greenhouse]
symptoms: [soil moisture too low]
steps:
  - {{id: a, title: A, risk: low, run: {{argv: ["true"]}}}}
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def _write(folder: Path, name: str, file_name: str = "a.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name
    path.write_text(MINIMAL.format(name=name))
    return path


def test_the_builtin_runbooks_have_no_faults(catalog: Catalog) -> None:
    assert catalog.faults == ()
    assert {
        "disk-full",
        "service-restart",
        "high-load",
        "certificate-expiry",
        "connection-pool-exhaustion",
    } <= {runbook.name for runbook in catalog.all}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pool exhausted: 10/10 connections in use", "connection-pool-exhaustion"),
        ("FATAL: sorry, too many clients already", "connection-pool-exhaustion"),
        ("write failed: No space left on device", "disk-full"),
        ("alert HostOutOfDiskSpace is firing", "disk-full"),
        ("kernel: Out of memory: Killed process 123 (java)", "memory-pressure"),
        ("the cert for api.example.com expired yesterday", "certificate-expiry"),
        ("please restart the nginx service", "service-restart"),
        ("load average is very high on web-3", "high-load"),
        (
            "INFO ok\nINFO ok\nbackup.service: Failed with result 'exit-code'.",
            "systemd-failed-units",
        ),
    ],
)
def test_a_symptom_finds_its_runbook(catalog: Catalog, text: str, name: str) -> None:
    best = catalog.match(text)[0]
    assert best.runbook.name == name
    assert best.matched
    assert 0 < best.score <= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "what's for lunch?",
        "user logged in",
        "the meeting was moved to friday",
        "why?",
        "é 1 --",
    ],
)
def test_unrelated_text_finds_nothing(catalog: Catalog, text: str) -> None:
    assert catalog.match(text) == ()


def test_a_match_prefers_the_service_it_is_about(tmp_path: Path) -> None:
    _write(tmp_path, "first")
    other = MINIMAL.format(name="second").replace("greenhouse", "balcony")
    (tmp_path / "b.yaml").write_text(other)
    catalog = Catalog.load([tmp_path])
    text = "soil moisture is too low"
    assert catalog.match(text, service="Balcony")[0].runbook.name == "second"
    assert catalog.match(text, service="greenhouse")[0].runbook.name == "first"
    assert len(catalog.match(text, k=1)) == 1


def test_an_operators_runbook_replaces_a_builtin_one(tmp_path: Path) -> None:
    path = _write(tmp_path, "disk-full")
    catalog = Catalog.load([tmp_path])
    assert catalog.get("disk-full").source == path
    assert catalog.faults == ()


def test_two_of_the_operators_runbooks_cannot_share_a_name(tmp_path: Path) -> None:
    _write(tmp_path / "a", "same")
    _write(tmp_path / "b", "same")
    (fault,) = Catalog.load([tmp_path]).faults
    assert "already used" in fault.message


def test_a_faulty_file_does_not_keep_others_from_loading(tmp_path: Path) -> None:
    _write(tmp_path, "good")
    (tmp_path / "bad.yml").write_text("name: Bad Name\n")
    catalog = Catalog.load([tmp_path, tmp_path / "none"])
    assert catalog.get("good").title == "Water the plants"
    assert {fault.path.name for fault in catalog.faults} == {"bad.yml", "none"}


def test_an_unknown_name_suggests_a_near_one(catalog: Catalog) -> None:
    with pytest.raises(UnknownRunbookError) as caught:
        catalog.get("disk-ful")
    assert caught.value.near[0] == "disk-full"


def test_lint_gives_the_good_and_the_faults(tmp_path: Path) -> None:
    path = _write(tmp_path, "good")
    runbooks, faults = lint_path(path)
    assert [runbook.name for runbook in runbooks] == ["good"]
    assert faults == ()


def test_a_weak_fit_is_asked_about_not_chosen(catalog: Catalog) -> None:
    choice = catalog.choose("the connection was closed by peer")
    assert not choice.sure

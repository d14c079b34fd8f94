"""`opsbot runbook test` as people and scripts call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.runbook import app

RUNBOOK = """
name: say-a-word
title: Say a word
version: 1
summary: Says one word.
steps:
  - id: say
    title: Say it
    risk: low
    run: {argv: [no-such-program-here, word]}
"""
CASES = """
cases:
  - name: it is said
    results: [{step: say, output: word}]
    expect: {state: STATE}
"""


def call(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["test", str(folder / "say.yaml"), *arguments])
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "say.yaml").write_text(RUNBOOK)
    (tmp_path / "say.results.yaml").write_text(CASES.replace("STATE", "succeeded"))
    return tmp_path


def test_what_comes_out_as_expected_is_status_0(folder: Path) -> None:
    status, output = call(folder)
    assert status == 0
    assert "1 of 1 cases as expected" in output


def test_what_differs_is_status_1_with_file_and_line(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(CASES.replace("STATE", "failed"))
    status, output = call(folder, "--results", str(other))
    assert status == 1
    assert f"{other}:5: it is said: expected failed, it succeeded" in output


def test_a_faulty_file_is_status_2(folder: Path) -> None:
    (folder / "say.results.yaml").write_text("cases: 3")
    status, output = call(folder)
    assert status == 2
    assert "say.results.yaml:1: cases must be a list" in output


def test_scripts_get_one_document(folder: Path) -> None:
    status, output = call(folder, "--json")
    document = json.loads(output)
    assert (status, document["runbook"]) == (0, "say-a-word")
    assert document["cases"][0]["steps"] == {"say": "succeeded"}


def test_recorded_results_are_no_runbook(folder: Path) -> None:
    result = CliRunner().invoke(app, ["lint", str(folder)])
    assert result.exit_code == 0
    assert "1 runbook(s), no faults" in result.output

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.runbook import app

BROKEN = "name: x\ntitle: X\nversion: 1\nsummary: s\nsteps:\n  - {id: a, title: A, risk: bad}\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file of the developer takes part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPSBOT_CONFIG", raising=False)


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout


def test_list_names_every_runbook() -> None:
    code, output = _run("list", "--json")
    assert code == 0
    assert "disk-full" in {entry["name"] for entry in json.loads(output)}
    assert "disk-full" in _run("list")[1]


def test_list_includes_the_operators_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BROKEN.replace("risk: bad", "risk: low, run: {argv: [ls]}")
    (tmp_path / "mine.yaml").write_text(text)
    monkeypatch.setenv("OPSBOT_RUNBOOKS__FOLDERS", json.dumps([str(tmp_path)]))
    assert "x" in {entry["name"] for entry in json.loads(_run("list", "--json")[1])}


def test_show_gives_parameters_and_steps() -> None:
    code, output = _run("show", "high-load")
    assert code == 0
    for part in ("pid (integer, needed)", "renice", "rollback", "preview"):
        assert part in output
    assert json.loads(_run("show", "high-load", "--json")[1])["name"] == "high-load"


def test_show_of_an_unknown_runbook_fails() -> None:
    assert _run("show", "nothing")[0] == 1


def test_lint_prints_file_and_line_of_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    code, output = _run("lint", str(path))
    assert code == 1
    assert f"{path}:6: a step has no 'run'" in output
    assert f"{path}:6: risk must be one of" in output


def test_lint_of_good_files_succeeds(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BROKEN.replace("risk: bad", "risk: low, run: {argv: [ls]}"))
    assert _run("lint", str(tmp_path))[0] == 0
    report = json.loads(_run("lint", str(tmp_path), "--json")[1])
    assert (report["runbooks"], report["faults"], report["notes"]) == (["x"], [], [])
    assert report["warnings"][0]["line"] == 6


def test_strict_lint_fails_on_warnings_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(BROKEN.replace("risk: bad", "risk: low, run: {argv: [ls]}"))
    code, output = _run("lint", "--strict", str(path))
    assert code == 1
    assert f"{path}:6: warning: step 'a': it changes something" in output
    path.write_text(BROKEN.replace("risk: bad", "risk: read_only, run: {argv: [ls]}"))
    assert _run("lint", "--strict", str(path))[0] == 0


def test_the_schema_is_printed_as_json() -> None:
    code, output = _run("schema")
    assert code == 0
    assert json.loads(output)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_propose_names_everything_that_is_missing_and_proposes_nothing() -> None:
    asked = ["propose", "certificate-expiry", "--set", "service=nginx"]
    result = CliRunner().invoke(app, asked)
    words = " ".join(result.stderr.split())
    assert result.exit_code == 2
    assert "--set certificate=... --set name=..." in words
    assert "nothing was proposed" in words


@pytest.mark.parametrize(
    "words", [("propose", "disk-ful"), ("propose", "disk-full", "--set", "mount")]
)
def test_propose_refuses_wrong_use(words: tuple[str, ...]) -> None:
    assert _run(*words)[0] == 2


def test_lint_of_an_empty_folder_fails(tmp_path: Path) -> None:
    assert _run("lint", str(tmp_path))[0] == 1

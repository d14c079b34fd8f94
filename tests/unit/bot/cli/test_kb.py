"""`opsbot kb` with wrong use, and with nothing indexed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.kb import app


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.delenv("OPSBOT_CONFIG", raising=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sync"], "name a folder"),
        (["sync", "nowhere"], "it does not exist"),
        (["sync", "--source", "wiki", "."], "either places or sources"),
        (["remove", "wiki"], "no source is called wiki"),
        (["search", " "], "say what you want to know"),
        (["search"], "give either"),
        (["search", "q", "--jsonl", "f"], "give either"),
        (["search", "--jsonl", "nowhere.jsonl"], "cannot be read"),
        (["ask", "  "], "say what you want to know"),
    ],
)
def test_wrong_use_ends_with_status_2_and_a_sentence(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "q"}', '{"question": 3}'])
def test_a_bad_line_of_questions_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "fine"}\n' + line + "\n")
    result = CliRunner().invoke(app, ["search", "--jsonl", str(file)])
    assert result.exit_code == 2
    assert "q.jsonl:2" in result.stderr.replace("\n", "")
    assert result.stdout == ""


def test_a_missing_encoder_stops_a_sync_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# A\n\ntext\n")
    result = CliRunner().invoke(app, ["sync", "docs"])
    assert result.exit_code == 1
    assert "opsbot models pull" in " ".join(result.stderr.split())
    assert not (tmp_path / "home" / "knowledge" / "current").exists()


def test_a_source_the_settings_do_not_name_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "opsbot.toml").write_text(
        '[[knowledge.sources]]\nname = "wiki"\nlocation = "docs"\n'
    )
    result = CliRunner().invoke(app, ["sync", "--source", "wikki"])
    assert result.exit_code == 2
    assert "no source is called wikki; there are: wiki" in " ".join(result.stderr.split())


def test_no_sources_are_an_empty_list() -> None:
    assert json.loads(CliRunner().invoke(app, ["sources", "--json"]).stdout) == []
    assert "no sources yet" in CliRunner().invoke(app, ["sources"]).stdout


def test_the_status_of_nothing_is_one_document() -> None:
    result = CliRunner().invoke(app, ["status", "--json"])
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert (record["n_documents"], record["built_at"], record["trouble"]) == (0, None, "")

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.models import app
from inference.models.catalog import CATALOG, find
from inference.models.verify import Pin, write_pin


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def sentence(result: Result) -> str:
    """The error as one line, whatever the width of the terminal."""
    return " ".join(result.stderr.split())


def test_the_list_has_every_model_and_says_what_is_here(models_dir: Path) -> None:
    (models_dir / find("smollm2-135m").file).write_bytes(b"GGUF, but not all of it")
    result = run("list", "--json")
    assert result.exit_code == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)["models"]}
    assert list(rows) == [entry.name for entry in CATALOG]
    assert rows["smollm2-135m"]["state"] == "has 23 bytes instead of 98,362,432"
    assert rows["qwen2.5-coder-1.5b"]["state"] == "absent"
    assert rows["qwen2.5-coder-1.5b"]["in_use"]
    assert rows["qwen3-4b"]["trust"] == "unpinned"
    write_pin(models_dir, "qwen3-4b", Pin(n_bytes=1, sha256="0" * 64))
    assert "pinned" in {row["trust"] for row in json.loads(run("list", "--json").stdout)["models"]}


def test_the_list_for_people_names_every_model(models_dir: Path) -> None:
    result = run("list")
    assert result.exit_code == 0
    assert all(entry.name in result.stdout for entry in CATALOG)


def test_an_unknown_name_is_wrong_use_and_suggests(models_dir: Path) -> None:
    for command in ("pull", "inspect"):
        result = run(command, "smolm2-135")
        assert result.exit_code == 2
        assert "did you mean smollm2-135m?" in sentence(result)
    assert list(models_dir.iterdir()) == []


def test_a_source_that_does_not_exist_fails_with_one_sentence(models_dir: Path) -> None:
    result = run("pull", "smollm2-135m", "--source", "/nowhere")
    assert result.exit_code == 1
    assert sentence(result).endswith("/nowhere: there is no such file or folder")


def test_a_wrong_file_is_deleted_and_leaves_no_model(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.gguf").write_bytes(b"GGUF of somebody else")
    result = run("pull", "smollm2-135m", "--json", "--source", str(tmp_path / "wrong.gguf"))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "21 bytes instead of 98,362,432" in sentence(result)
    assert [path.name for path in models_dir.iterdir()] == [".pull"]


def test_a_models_folder_that_cannot_be_made_is_named(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = models_dir / "a-file"
    blocked.touch()
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(blocked / "models"))
    result = run("pull", "smollm2-135m")
    assert result.exit_code == 1
    assert "cannot be written" in sentence(result)
    assert "OPSBOT_MODELS_DIR" in sentence(result)


def test_a_file_that_is_no_model_is_not_inspected(models_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a model")
    result = run("inspect", str(path))
    assert result.exit_code == 1
    assert "is not a GGUF file" in sentence(result)


def test_with_models_named_by_path_there_is_nothing_to_pull(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_MODEL", "/srv/own.gguf")
    monkeypatch.setenv("OPSBOT_INFERENCE__ENCODER", "/srv/encoder.gguf")
    result = run("pull")
    assert result.exit_code == 0
    assert result.stdout.count("nothing to pull") == 2


def test_a_wrong_setting_is_wrong_use(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_PORT", "many")
    result = run("list")
    assert result.exit_code == 2
    assert "port" in sentence(result)

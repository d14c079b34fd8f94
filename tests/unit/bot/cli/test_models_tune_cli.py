from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.root import app

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("OPSBOT_MODELS_DIR", str(folder))
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path / "home"))
    return folder


@pytest.mark.parametrize("size", ["much", "2.5X", "-1G", ""])
def test_a_limit_that_is_no_size_is_wrong_use(size: str) -> None:
    result = RUNNER.invoke(app, ["models", "tune", "--busy", "--memory-limit", size])
    assert result.exit_code == 2
    assert "is no size: expected for example 800M" in result.stderr


def test_a_chart_in_an_unknown_format_is_refused_before_anything_is_measured() -> None:
    result = RUNNER.invoke(app, ["models", "tune", "--busy", "--chart", "tuning.xls"])
    assert result.exit_code == 2
    assert "a chart is a .png, .svg or .pdf file" in " ".join(result.stderr.split())


def test_a_model_that_was_not_pulled_is_named() -> None:
    result = RUNNER.invoke(app, ["models", "tune", "--busy", "qwen2.5-coder-0.5b"])
    assert result.exit_code in (1, 2)
    assert "qwen2.5-coder-0.5b" in result.stderr


def test_a_file_that_is_no_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_bytes(b"GGUF but not really")
    result = RUNNER.invoke(app, ["models", "tune", "--busy", str(path)])
    assert result.exit_code == 1
    assert "notes.gguf" in result.stderr
    assert "Traceback" not in result.stderr

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import engine
from bot.cli.root import app
from inference.errors import InferenceError


class _NoEngine:
    """An engine whose encoder is not there."""

    async def encoder_ready(self) -> None:
        raise InferenceError("no encoder")


@pytest.fixture(autouse=True)
def without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def opened(*_: object, **__: object) -> AsyncGenerator[_NoEngine]:
        yield _NoEngine()

    monkeypatch.setattr(engine, "open_engine", opened)


def test_what_snippets_answer_is_reported_without_a_model() -> None:
    done = CliRunner().invoke(app, ["eval", "code", "--no-model", "--only", "regex/", "--json"])
    assert done.exit_code == 0
    (report,) = json.loads(done.stdout)
    assert report["total"]["n"] == len(report["runs"]) == 8
    assert report["by_language"]["regex"]["n"] == 8


def test_the_table_has_a_row_for_every_language_and_all() -> None:
    done = CliRunner().invoke(
        app, ["eval", "code", "--no-model", "--only", "cron/", "--limit", "2"]
    )
    assert done.exit_code == 0
    assert "with the snippet collection" in done.stdout
    assert "cron" in done.stdout
    assert "all" in done.stdout


def test_a_name_of_no_case_is_refused() -> None:
    done = CliRunner().invoke(app, ["eval", "code", "--only", "klingon"])
    assert done.exit_code == 2
    assert "klingon" in done.output


def test_every_judged_case_is_saved_on_its_own_line(tmp_path: Path) -> None:
    kept = tmp_path / "runs.jsonl"
    asked = ["eval", "code", "--no-model", "--only", "cron/", "--limit", "3", "--save", str(kept)]
    for n_passes in (1, 2):
        assert CliRunner().invoke(app, asked).exit_code == 0
        lines = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
        assert len(lines) == 3 * n_passes
    assert {line["language"] for line in lines} == {"cron"}


def test_a_file_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["eval", "code", "--no-model", "--save", str(tmp_path)])
    assert done.exit_code == 2
    assert "cannot be written" in " ".join(done.output.split())

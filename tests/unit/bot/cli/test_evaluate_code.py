from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

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

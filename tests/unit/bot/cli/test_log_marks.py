"""`opsbot logs ignored` lists what people chose, and takes it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.logs import app
from bot.store.engine import open_database
from bot.store.log_marks import LogMarks, MarkKind, NewMark


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogMarks]:
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'marks.db'}"
    monkeypatch.setenv("OPSBOT_DATABASE_URL", url)
    database = open_database(url)
    yield LogMarks(database)
    database.dispose()


def add(marks: LogMarks) -> int:
    mark, _ = marks.add(
        NewMark(
            kind=MarkKind.IGNORED,
            service="checkout",
            template_id="t1",
            value="",
            pattern="cache miss [bold]<n>",
            reason="noise",
            user_id="U1",
            name="Maya",
            created_at=datetime(2026, 3, 1, tzinfo=UTC),
        )
    )
    return mark.mark_id


def test_marks_are_listed_with_who_and_why(marks: LogMarks) -> None:
    add(marks)
    shown = CliRunner().invoke(app, ["ignored"]).output
    for word in ("cache miss [bold]<n>", "noise", "Maya", "checkout"):
        assert word in shown


def test_a_mark_is_taken_back_by_its_number(marks: LogMarks) -> None:
    number = add(marks)
    result = CliRunner().invoke(app, ["ignored", "--take-back", str(number), "--json"])
    assert json.loads(result.stdout) == []
    assert marks.all() == ()


def test_a_number_without_a_mark_is_an_error(marks: LogMarks) -> None:
    number = add(marks)
    assert CliRunner().invoke(app, ["ignored", "--take-back", str(number + 1)]).exit_code == 1
    assert len(marks.all()) == 1

"""`opsbot incident` shows what is stored, and loses nothing on wrong use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.root import app
from bot.messages import ThreadRef
from bot.store.engine import open_database
from bot.store.incidents import Entry, EntryKind, Incidents, NewIncident

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
URL = "https://acme.slack.com/archives/C1/p1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path))
    monkeypatch.setenv("OPSBOT_DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    database = open_database(f"sqlite:///{tmp_path / 'bot.db'}")
    incidents = Incidents(database)
    new = NewIncident(
        thread=ThreadRef("C1", "1.0"), title="tea", url=URL, started_by="Maya", started_at=NOW
    )
    number = incidents.start(new)[0].incident_id
    incidents.add(
        number,
        Entry(
            kind=EntryKind.MESSAGE,
            at=NOW,
            author="Jonas",
            text="[red]leaks[/red]",
            url=f"{URL}2",
            message_ts="2.0",
            added_by="Maya",
        ),
    )
    database.dispose()
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["incident", *words])
    return result.exit_code, result.output


def test_incidents_are_listed_and_shown(home: Path) -> None:
    assert run("list")[1].startswith("Incident 1: tea")
    code, shown = run("show", "1")
    assert code == 0
    assert "Jonas: [red]leaks[/red]" in shown
    assert f"{URL}2" in shown
    record = json.loads(run("show", "1", "--json")[1])
    assert [event["kind"] for event in record["timeline"]] == ["started", "message"]


def test_a_draft_is_written_once_and_never_over_a_file(home: Path) -> None:
    target = home / "draft.md"
    assert run("export", "1", "--to", str(target))[0] == 0
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# Post-mortem, Incident 1: tea")
    assert f"({URL}2) Jonas" in text
    code, said = run("export", "1", "--to", str(target))
    assert code != 0
    assert "cannot be written" in said
    assert target.read_text(encoding="utf-8") == text


def test_an_unknown_number_is_said(home: Path) -> None:
    code, said = run("show", "99")
    assert code != 0
    assert "there is no incident 99" in said

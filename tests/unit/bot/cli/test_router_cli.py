"""`opsbot router` makes a student from the files of a folder and says what it did."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from bot.cli.router import app
from bot.messages import Intent
from bot.router.student import from_bytes
from bot.router.training import choose as choosing
from bot.router.training import pack as packing
from bot.router.training.assemble import assemble
from bot.router.training.messages import Message
from bot.store.engine import open_database
from bot.store.route_corrections import RouteCorrection, RouteCorrections

TEXTS = {
    "why is checkout failing": Intent.LOGS,
    "restart nginx on web-3": Intent.RUNBOOK,
    "a regex for uuids": Intent.CODE,
    "who owns the ledger": Intent.KNOWLEDGE,
    "remind us each friday": Intent.SCHEDULE,
    "hello there": Intent.CHAT,
    "errors of billing since noon": Intent.LOGS,
    "drain node-7": Intent.RUNBOOK,
}
RECIPE = {
    "recipe": {"alpha": 0.5, "temperature": 2, "n_steps": 5},
    "calibration": {"characters": 0.5, "meaning": 0.7},
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A training set of a few messages, and what was chosen for it."""
    messages = tuple(
        Message(text=text, intent=intent, language="en", group=f"example {text}")
        for text, intent in TEXTS.items()
    )
    vectors = np.random.default_rng(2).standard_normal((len(messages), 5)).astype(np.float32)
    packing.write(assemble(messages, {}, vectors, encoder="tiny", n_prompts=2), tmp_path)
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE), encoding="utf-8")
    return tmp_path


def test_training_again_gives_the_same_bits_and_says_so(folder: Path) -> None:
    first = run("train", "--folder", str(folder))
    assert first.exit_code == 0
    assert "8 messages" in first.stdout
    assert "another student than before" in first.stdout
    content = (folder / "student.npz").read_bytes()
    assert from_bytes(content).encoder == "tiny"
    again = run("train", "--folder", str(folder), "--check")
    assert again.exit_code == 0
    assert "the same bits as before" in again.stdout
    assert (folder / "student.npz").read_bytes() == content


def test_a_check_fails_on_another_student_and_leaves_it_alone(folder: Path) -> None:
    (folder / "student.npz").write_bytes(b"something else")
    result = run("train", "--folder", str(folder), "--check")
    assert result.exit_code == 1
    assert "another student" in result.stdout
    assert (folder / "student.npz").read_bytes() == b"something else"


def test_a_damaged_set_is_named_and_no_student_is_written(folder: Path) -> None:
    (folder / "messages.jsonl.gz").write_bytes(gzip.compress(b'{"text": "only this"}\n'))
    result = run("train", "--folder", str(folder))
    assert result.exit_code == 1
    assert "cannot be trained" in result.stderr
    assert not (folder / "student.npz").exists()


def test_choosing_writes_what_training_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "ALPHAS", (0.5,))
    result = run("choose", "--folder", str(folder), "--steps", "2")
    assert result.exit_code == 0
    assert "on 4 messages held back" in result.stdout
    record = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    assert [trial["temperature"] for trial in record["trials"]] == [1, 2, 4]
    assert run("train", "--folder", str(folder)).exit_code == 0


def test_choosing_without_a_set_says_what_is_missing(tmp_path: Path) -> None:
    result = run("choose", "--folder", str(tmp_path))
    assert result.exit_code == 1
    assert "nothing was chosen" in result.stderr
    assert not (tmp_path / "recipe.json").exists()


@pytest.mark.parametrize("command", ["pack", "teach"])
def test_damaged_votes_stop_before_any_model_is_loaded(tmp_path: Path, command: str) -> None:
    votes = tmp_path / "votes.jsonl"
    votes.write_text('{"text": "a", "votes": ["cooking"]}\n', encoding="utf-8")
    place = ("--folder", str(tmp_path)) if command == "pack" else ("--out", str(votes))
    result = run(command, *place)
    assert result.exit_code != 0
    assert "votes.jsonl:1 is not a vote" in " ".join(result.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["votes.jsonl"]


def test_corrections_are_listed_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path))
    monkeypatch.setenv("OPSBOT_DATABASE_URL", url)
    assert "0 corrections" in run("corrections").stdout
    database = open_database(url)
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    RouteCorrections(database).add(
        RouteCorrection(text="bin [bold] it\nnow", intent="runbook", user_id="U1", at=at)
    )
    database.dispose()
    listed = run("corrections")
    assert "2026-03-01 09:30  runbook    bin [bold] it\n" in listed.stdout
    assert "1 corrections" in listed.stdout
    (record,) = json.loads(run("corrections", "--json").stdout)
    assert record["text"] == "bin [bold] it\nnow"

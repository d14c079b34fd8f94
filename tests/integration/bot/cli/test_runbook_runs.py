"""Proposing, deciding and auditing from a terminal, through the commands themselves."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import audit, runbook_runs

RUNBOOK = """
name: say-a-word
title: Say a word
version: 1
summary: Says one word.
parameters:
  word: {type: string, description: what to say, pattern: '[a-z]+'}
steps:
  - id: say
    title: Say {{ word }}
    risk: low
    preview: {argv: [uname]}
    run: {argv: [echo, "{{ word }}"]}
    verify: {argv: ["true"], within_s: 5}
"""

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "say.yaml").write_text(RUNBOOK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSBOT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPSBOT_DATABASE_URL", raising=False)
    monkeypatch.setenv("OPSBOT_RUNBOOKS__FOLDERS", json.dumps([str(folder)]))
    monkeypatch.setenv("COLUMNS", "200")
    app, group = typer.Typer(), typer.Typer()
    runbook_runs.register(group)
    app.add_typer(group, name="runbook")
    app.add_typer(audit.app, name="audit")

    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, arguments)
        return result.exit_code, result.stdout, result.stderr

    return run


def allow_me(monkeypatch: pytest.MonkeyPatch, *, self_ok: bool) -> None:
    monkeypatch.setenv("OPSBOT_RUNBOOKS__APPROVERS", json.dumps([f"local:{getpass.getuser()}"]))
    monkeypatch.setenv("OPSBOT_RUNBOOKS__ALLOW_SELF_APPROVAL", str(self_ok).lower())


def propose(call: Call) -> dict[str, object]:
    code, out, _ = call("runbook", "run", "say-a-word", "-p", "word=hello", "--json")
    assert code == 0
    return json.loads(out)


def test_a_proposal_says_exactly_what_would_run(call: Call) -> None:
    record = propose(call)
    assert record["state"] == "pending"
    (step,) = record["steps"]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    assert step["runs"] == "echo hello"
    detail = str(step["preview"]["detail"])  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    assert detail.removesuffix(", sandboxed") == "exit 0"


def test_the_card_names_command_risk_and_who_is_needed(call: Call) -> None:
    code, out, _ = call("runbook", "run", "say-a-word", "-p", "word=hello")
    assert code == 0
    for part in ("Proposal #1", "echo hello", "low", "set runbooks.approvers"):
        assert part in out


def test_ones_own_proposal_cannot_be_approved(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_me(monkeypatch, self_ok=False)
    propose(call)
    code, _, err = call("runbook", "approve", "1")
    assert code == 1
    assert "somebody else must approve" in err


def test_an_approval_runs_it_and_the_history_and_audit_agree(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_me(monkeypatch, self_ok=True)
    propose(call)
    code, out, _ = call("runbook", "approve", "1", "--json")
    record = json.loads(out)
    assert (code, record["state"]) == (0, "succeeded")
    assert {"event": "OutputLine", "step_id": "say", "text": "hello"} in record["events"]
    code, out, _ = call("runbook", "history", "--json")
    assert [case["state"] for case in json.loads(out)] == ["succeeded"]
    code, out, _ = call("audit", "verify", "--json")
    assert (code, json.loads(out)["intact"]) == (0, True)


def test_a_rejected_proposal_stays_rejected(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_me(monkeypatch, self_ok=True)
    propose(call)
    assert call("runbook", "reject", "1", "--reason", "not now")[0] == 0
    code, _, err = call("runbook", "approve", "1")
    assert code == 1
    assert "not now" in err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("run", "say-a-wrd"), 2, "say-a-word"),
        (("run", "say-a-word"), 2, "'word': is needed"),
        (("run", "say-a-word", "-p", "word"), 2, "KEY=VALUE"),
        (("run", "say-a-word", "-p", "word=A1"), 2, "word"),
        (("run", "say-a-word", "-p", "word=a", "-p", "word=b"), 2, "given twice"),
        (("approve", "7"), 1, "there is no proposal #7"),
    ],
)
def test_wrong_use_is_one_sentence(
    call: Call, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    found, out, err = call("runbook", *arguments)
    assert found == code
    assert sentence in err
    assert not out


def test_an_export_never_replaces_a_file(call: Call, tmp_path: Path) -> None:
    propose(call)
    target = tmp_path / "audit.jsonl"
    assert call("audit", "export", "-o", str(target))[0] == 0
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["kind"] for row in rows] == ["policy", "request", "proposal"]
    code, _, err = call("audit", "export", "-o", str(target))
    assert code == 2
    assert "exists already" in err


def test_a_changed_trail_fails_the_verification(call: Call, tmp_path: Path) -> None:
    propose(call)
    (tmp_path / "home" / "audit.head").write_text(json.dumps({"sequence": 9, "mac": "0"}))
    code, out, _ = call("audit", "verify")
    assert code == 1
    assert "are missing" in out

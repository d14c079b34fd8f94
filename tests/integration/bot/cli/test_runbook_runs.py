"""Proposing, deciding and auditing from a terminal, through the commands themselves."""

from __future__ import annotations

import getpass
import json
import os
import pwd
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import audit, policy, runbook_runs

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
    retry: {times: 2}
    verify: {argv: ["true"], within_s: 5, expect: {absent: ok}}
    rollback: {argv: [echo, undone]}
"""
POLICY = """
version: 1
people: {me: ["local:ME"]}
roles:
  me: {people: [me]}
  others: {people: ["local:nobody"]}
rules:
  - {risk: [low], approvers: [me], self_approval: true}
  - {risk: [high], approvers: [others], approvals: 2}
freezes:
  - {name: always, from: 2020-01-01T00:00, until: 2120-01-01T00:00, reason: sale, override: [me]}
break_glass: {roles: [me, others]}
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
    app.add_typer(policy.app, name="policy")

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
    parts = ("Proposal #1", "/echo hello", "low", "set runbooks.approvers", "production", "HOME")
    checked = "true must exit 0 within 5 s, without 'ok' in its output"
    for part in (*parts, "tried 2 more times", checked):
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


@pytest.fixture
def policy_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace("ME", pwd.getpwuid(os.getuid()).pw_name))
    path.chmod(0o644)
    monkeypatch.setenv("OPSBOT_RUNBOOKS__POLICY_FILE", str(path))
    return path


@pytest.mark.usefixtures("policy_file")
def test_the_user_of_the_system_acts_under_the_policy_file(call: Call) -> None:
    propose(call)
    code, out, _ = call("runbook", "approve", "1", "--json")
    assert (code, json.loads(out)["state"]) == (0, "succeeded")
    rows = [json.loads(line) for line in call("audit", "export")[1].splitlines()]
    (row,) = (row for row in rows if row["kind"] == "policy")
    assert (row["subject"], len(row["facts"]["sha256"])) == ("policy:terminal", 64)
    (approval,) = (row for row in rows if row["kind"] == "approval")
    assert "in spite of change freeze 'always'" in approval["facts"]["grounds"]


@pytest.mark.parametrize("variable", ["USER", "LOGNAME", "SUDO_USER", "USERNAME"])
@pytest.mark.usefixtures("policy_file")
def test_no_variable_says_who_acts(
    call: Call, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "mallory")
    record = propose(call)
    requester = record["requester"]
    assert isinstance(requester, dict)
    assert requester["user_id"] == pwd.getpwuid(os.getuid()).pw_name


def test_a_broken_policy_file_at_the_start_approves_nothing(call: Call, policy_file: Path) -> None:
    propose(call)
    policy_file.write_text("version: 1")
    code, _, err = call("runbook", "approve", "1")
    assert code == 1
    assert "nobody may approve" in err


@pytest.mark.usefixtures("policy_file")
def test_edited_values_make_a_new_proposal_and_a_run_can_be_undone(call: Call) -> None:
    propose(call)
    code, out, _ = call("runbook", "edit", "1", "-p", "word=bye", "--json")
    record = json.loads(out)
    assert (code, record["steps"][0]["runs"]) == (0, "echo bye")
    code, _, err = call("runbook", "approve", "1")
    assert "replaced by proposal #2" in err
    assert call("runbook", "preview", "2")[0] == 0
    assert call("runbook", "approve", "2")[0] == 0
    code, out, _ = call("runbook", "undo", "2", "--json")
    assert (code, json.loads(out)["steps"][0]["runs"]) == (0, "echo undone")
    code, _, err = call("runbook", "undo", "2")
    assert (code, "is proposal #3 already" in err) == (1, True)


def test_a_wrong_edited_value_is_a_sentence_and_the_proposal_still_waits(call: Call) -> None:
    propose(call)
    code, _, err = call("runbook", "edit", "1", "-p", "word=BYE")
    assert (code, "must look like" in err) == (2, True)
    assert json.loads(call("runbook", "history", "--json")[1])[0]["state"] == "pending"


def test_the_policy_is_checked_shown_and_explained(call: Call, policy_file: Path) -> None:
    code, out, _ = call("policy", "check", str(policy_file))
    assert (code, "no faults" in out) == (0, True)
    assert "2 people must approve, and only 1 may" in out
    assert "freeze 'always': sale (now)" in call("policy", "show")[1]
    out = call("policy", "explain", "low", "production")[1]
    assert "1 of me, within 15 min, the requester may be one" in out
    assert "change freeze 'always'" in out
    assert "no rule of the policy" in call("policy", "explain", "medium", "x")[1]
    assert call("policy", "explain", "lowish", "x")[0] == 2
    policy_file.write_text("version: 2")
    code, out, _ = call("policy", "check", str(policy_file))
    assert (code, "policy.yaml:1: version must be" in out) == (1, True)


@pytest.mark.usefixtures("policy_file")
def test_break_glass_is_asked_for_once_and_not_confirmed_by_oneself(call: Call) -> None:
    code, out, _ = call("policy", "break-glass", "production", "--reason", "checkout is down")
    assert (code, "asks for break-glass in production" in out) == (0, True)
    code, _, err = call("policy", "break-glass", "production", "--confirm")
    assert (code, "somebody else must confirm" in err) == (1, True)


def test_the_trail_is_pruned_only_of_what_is_over(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    propose(call)
    assert call("audit", "prune", "--before", "2999-01-01")[0] == 2
    code, out, _ = call("audit", "prune", "--before", "2020-01-01", "--json")
    assert (code, json.loads(out)["n_removed"]) == (0, 0)
    later = datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr("bot.runbook_wiring.utc_now", lambda: later)
    tomorrow = f"{later - timedelta(days=1):%Y-%m-%d}"
    code, _, err = call("audit", "prune", "--before", tomorrow)
    assert (code, "is of proposal:1, which is not over" in err) == (1, True)
    assert call("runbook", "history")[0] == 0
    code, out, _ = call("audit", "prune", "--before", tomorrow)
    assert (code, "3 rows removed, 2 left" in out) == (0, True)
    assert json.loads(call("audit", "verify", "--json")[1]) == {
        "intact": True,
        "n_rows": 2,
        "faults": [],
    }


def test_what_a_terminal_may_not_launch_stays_approved_for_the_bot(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_me(monkeypatch, self_ok=True)
    with monkeypatch.context() as bot:
        bot.setattr("runbooks.planning.run_as", lambda: "opsbot@elsewhere")
        assert call("runbook", "run", "say-a-word", "-p", "word=hi")[0] == 0
    code, out, _ = call("runbook", "approve", "1", "--json")
    shown = json.loads(out)
    assert (code, shown["allowed"]) == (0, True)
    assert shown["reason"].endswith("the running bot launches it: it runs as opsbot@elsewhere")
    assert json.loads(call("runbook", "history", "--json")[1])[0]["state"] == "approved"

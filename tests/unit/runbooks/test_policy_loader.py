"""A policy file is read whole, or every fault is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.errors import RunbookFileError
from runbooks.policy_loader import load_policy, parse_policy

GOOD = """\
version: 1
people:
  ada: [UADA, local:ada]
roles:
  oncall:
    people: [ada, UBOB]
    groups: [S123]
rules:
  - approvers: [oncall]
    risk: [low]
freezes:
  - name: nights
    weekly: {from: mon 22:00, until: tue 06:00}
    reason: sleep
solo:
  roles: [oncall]
  from: 2026-01-01T00:00Z
  until: 2026-01-08T00:00Z
  reason: holiday
break_glass:
  roles: [oncall]
"""


def faults(text: str) -> str:
    with pytest.raises(RunbookFileError) as caught:
        parse_policy(text.encode(), Path("policy.yaml"), "T1")
    return str(caught.value)


def test_a_whole_file_becomes_a_policy() -> None:
    policy = parse_policy(GOOD.encode(), Path("policy.yaml"), "T1")
    assert policy.roles["oncall"].accounts == {("T1", "UADA"), ("local", "ada"), ("T1", "UBOB")}
    assert policy.roles["oncall"].groups == {("T1", "S123")}
    assert policy.people[("local", "ada")] == "ada"
    assert len(policy.digest) == 64


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("version: 1", "version: 2", 1, "version must be a whole number from 1 to 1"),
        ("[UADA, local:ada]", "[UADA, ada]", 3, "'ada' is not a user id"),
        ("[ada, UBOB]", "[bob, UBOB]", 6, "'bob' is not under people"),
        ("groups: [S123]", "groups: [U123]", 7, "is not a user group id"),
        ("groups: [S123]", "teams: [S123]", 7, "role oncall has no key 'teams'"),
        ("approvers: [oncall]\n    risk", "approvers: [leads]\n    risk", 9, "no role 'leads'"),
        ("approvers: [oncall]\n    risk", "approvers: []\n    risk", 9, "approvers names no role"),
        ("risk: [low]", "risk: [lowish]", 10, "there is no risk 'lowish'"),
        ("risk: [low]", "risk: []", 10, "risk names none"),
        ("risk: [low]", "approvals: 0", 10, "approvals must be a whole number from 1"),
        ("risk: [low]", "expires_minutes: 2000", 10, "at most 1440 minutes"),
        ("risk: [low]", "self_approval: maybe", 10, "self_approval must be true or false"),
        ("risk: [low]", "environments: []", 10, "environments names none"),
        ("mon 22:00", "monday 22", 13, "is no time of the week"),
        ("tue 06:00", "mon 22:00", 12, "begins and ends at the same time"),
        ("reason: sleep", "timezone: Mars/Base", 14, "there is no time zone 'Mars/Base'"),
        ("weekly: {from: mon 22:00, until: tue 06:00}", "from: 2026-01-01", 12, "'from' and 'until'"),
        ("weekly: {from: mon 22:00, until: tue 06:00}", "override: [oncall]", 12, "either 'weekly'"),
        ("until: 2026-01-08T00:00Z", "until: 2026-02-08T00:00Z", 16, "at most 14 days"),
        ("until: 2026-01-08T00:00Z", "until: soon", 18, "is no date and time"),
        ("  reason: holiday\n", "", 16, "solo has no 'reason'"),
        ("break_glass:\n  roles: [oncall]", "break_glass: {roles: [oncall], minutes: 999}", 20,
         "at most 240 minutes"),
        ("break_glass:\n", "break_the_glass:\n", 20, "a policy has no key 'break_the_glass'"),
    ],
)  # fmt: skip
def test_a_fault_names_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new))
    assert f"policy.yaml:{line}: " in found
    assert message in found


def test_an_account_belongs_to_one_person() -> None:
    assert "UADA is ada and eve" in faults(
        GOOD.replace("roles:\n  oncall:", "  eve: [UADA]\nroles:\n  oncall:", 1).replace("T1:", "")
    )


def test_a_policy_without_rules_is_none() -> None:
    assert "a policy has no 'rules'" in faults("version: 1\nroles: {a: {people: [U1]}}\n")
    assert "at least one rule" in faults("version: 1\nroles: {a: {people: [U1]}}\nrules: []\n")


def test_a_bare_id_without_a_workspace_is_nobody() -> None:
    policy = parse_policy(GOOD.encode(), Path("p"), "")
    assert ("", "UBOB") in policy.roles["oncall"].accounts


def test_a_file_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0o666)
    with pytest.raises(RunbookFileError, match="chmod o-w"):
        load_policy(path, "T1")


def test_a_missing_file_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(RunbookFileError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml", "T1")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_policy_or_faults(content: bytes) -> None:
    try:
        parse_policy(content, Path("p"), "T1")
    except RunbookFileError as exc:
        assert exc.faults


@given(
    start=st.integers(min_value=0, max_value=len(GOOD) - 1),
    length=st.integers(min_value=1, max_value=40),
)
def test_a_damaged_file_gives_a_policy_or_faults(start: int, length: int) -> None:
    damaged = GOOD[:start] + GOOD[start + length :]
    try:
        parse_policy(damaged.encode(), Path("p"), "T1")
    except RunbookFileError as exc:
        assert exc.faults

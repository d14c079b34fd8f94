"""Every kind of rule of a policy, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.decisions import decide_approval, decide_launch, n_counted
from runbooks.errors import PolicyError
from runbooks.policy import AccountKind, Approval, Policy
from runbooks.policy_loader import parse_policy
from runbooks.proposal import ActorRef, Place, Plan, Proposal, RunbookRef
from runbooks.rules import Grant
from runbooks.schema import Risk

TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
MEMBER = AccountKind.MEMBER
TEXT = """
version: 1
people:
  ada: [UADA, local:ada]
roles:
  oncall: {people: [ada, UBOB, UCLEO]}
  leads: {people: [UBOB, UDAN]}
  dbas: {groups: [SDBA]}
rules:
  - {risk: [read_only, low], environments: [staging, "dev-*"], approvers: [oncall],
     self_approval: true, expires_minutes: 60}
  - {risk: [high], environments: [production], approvers: [leads], approvals: 2}
  - {environments: [database], approvers: [dbas]}
  - {risk: [low, medium], environments: [production, staging], approvers: [oncall]}
freezes:
  - {name: weekend, weekly: {from: fri 18:00, until: mon 07:00}, timezone: Europe/Berlin,
     environments: [production], reason: nobody is there, override: [leads]}
  - {name: closing, from: 2026-06-01T00:00, until: 2026-06-02T00:00, reason: books}
break_glass: {roles: [leads], environments: [production], minutes: 30}
solo: {roles: [oncall], from: 2026-05-01T00:00, until: 2026-05-08T00:00, reason: holiday}
"""
POLICY = parse_policy(TEXT.encode(), Path("policy.yaml"), "T1")


def actor(name: str) -> ActorRef:
    team, colon, user = name.rpartition(":")
    return ActorRef(team_id=team if colon else "T1", user_id=user, name=name)


def proposal(
    risk: Risk, environment: str, now: datetime, requester: str = "UEVE", policy: Policy = POLICY
) -> Proposal:
    terms = policy.terms(risk, environment, now)
    plan = Plan(
        runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
        parameters={},
        steps=(),
        environment=environment,
        target="local",
        run_as="a@b",
        environment_names=(),
        executables={},
        why="",
        evidence=(),
        previews=(),
        requester=actor(requester),
        where=Place(channel_id="C1", thread_ts="1.0"),
        created_at=now,
        expires_at=now + timedelta(seconds=terms.ttl_s),
        risk=risk,
        n_approvals=terms.n_approvals,
    )
    return Proposal(proposal_id=1, plan=plan, sha256="0" * 64)


def yes(name: str) -> Approval:
    return Approval(actor=actor(name), at=TUESDAY, sha256="0" * 64)


@pytest.mark.parametrize(
    ("risk", "environment", "who", "requester", "now", "reason"),
    [
        ("low", "staging", "UADA", "UEVE", TUESDAY, None),
        ("low", "dev-7", "local:ada", "UEVE", TUESDAY, None),
        ("low", "staging", "UADA", "UADA", TUESDAY, None),
        ("low", "staging", "UADA", "local:ada", TUESDAY, None),
        ("medium", "staging", "UADA", "UADA", TUESDAY, "somebody else must approve"),
        ("medium", "staging", "UADA", "local:ada", TUESDAY, "somebody else must approve"),
        ("medium", "production", "UADA", "UEVE", TUESDAY, None),
        ("medium", "production", "UDAN", "UEVE", TUESDAY, "is for oncall"),
        ("high", "production", "UDAN", "UEVE", TUESDAY, None),
        ("high", "production", "UADA", "UEVE", TUESDAY, "is for leads"),
        ("high", "staging", "UBOB", "UEVE", TUESDAY, "no rule of the policy is about high risk"),
        ("read_only", "moon", "UBOB", "UEVE", TUESDAY, "no rule of the policy"),
        ("low", "database", "UBOB", "UEVE", TUESDAY, "nobody is in dbas"),
        ("low", "production", "T2:UADA", "UEVE", TUESDAY, "not an approver"),
        ("low", "production", "local:bob", "UEVE", TUESDAY, "not an approver"),
        (
            "low",
            "production",
            "UADA",
            "UEVE",
            SATURDAY,
            "change freeze 'weekend' until Mon 2026-03-09",
        ),
        ("low", "production", "UBOB", "UEVE", SATURDAY, None),
        ("low", "staging", "UADA", "UEVE", SATURDAY, None),
        (
            "low",
            "staging",
            "UBOB",
            "UEVE",
            datetime(2026, 6, 1, 5, tzinfo=UTC),
            "nobody may approve",
        ),
        ("low", "production", "UADA", "local:ada", datetime(2026, 5, 5, tzinfo=UTC), None),
        ("low", "production", "UDAN", "UDAN", datetime(2026, 5, 5, tzinfo=UTC), "not an approver"),
        ("low", "production", "UADA", "UADA", datetime(2026, 5, 8, tzinfo=UTC), "somebody else"),
        ("low", "production", "UADA", "UADA", datetime(2026, 4, 30, tzinfo=UTC), "somebody else"),
    ],
)
def test_who_may_say_yes(
    risk: str, environment: str, who: str, requester: str, now: datetime, reason: str | None
) -> None:
    waiting = proposal(Risk(risk), environment, now, requester)
    decision = decide_approval(POLICY, waiting, actor(who), MEMBER, (), now)
    assert decision.allowed == (reason is None), decision.reason
    if reason is not None:
        assert reason in decision.reason


@pytest.mark.parametrize("kind", [AccountKind.BOT, AccountKind.GUEST, AccountKind.EXTERNAL])
@pytest.mark.parametrize("is_open", [False, True])
def test_no_rule_and_no_emergency_lets_other_accounts_approve(
    kind: AccountKind, is_open: bool
) -> None:
    policy = opened() if is_open else POLICY
    waiting = proposal(Risk.LOW, "production", TUESDAY)
    assert not decide_approval(policy, waiting, actor("UBOB"), kind, (), TUESDAY).allowed


def test_expiry_and_number_come_from_the_rule() -> None:
    assert POLICY.terms(Risk.LOW, "dev-1", TUESDAY).ttl_s == 3600
    assert POLICY.terms(Risk.HIGH, "production", TUESDAY).n_approvals == 2


def test_a_user_groups_members_are_those_that_were_looked_up() -> None:
    known = replace(POLICY, group_members={("T1", "SDBA"): frozenset({("T1", "UEVE")})})
    waiting = proposal(Risk.HIGH, "database", TUESDAY, "UADA", known)
    assert decide_approval(known, waiting, actor("UEVE"), MEMBER, (), TUESDAY).allowed
    assert not decide_approval(POLICY, waiting, actor("UEVE"), MEMBER, (), TUESDAY).allowed


def test_one_person_with_two_accounts_counts_once() -> None:
    text = TEXT.replace("[ada, UBOB, UCLEO]}", "[ada, UBOB]}").replace(
        "approvers: [leads], approvals: 2", "approvers: [oncall], approvals: 2"
    )
    policy = parse_policy(text.encode(), Path("p"), "T1")
    waiting = proposal(Risk.HIGH, "production", TUESDAY, policy=policy)
    both = (yes("UADA"), yes("local:ada"))
    assert n_counted(policy, waiting, both, TUESDAY) == 1
    again = decide_approval(policy, waiting, actor("local:ada"), MEMBER, (yes("UADA"),), TUESDAY)
    assert "already approved" in again.reason
    launch = decide_launch(policy, waiting, tuple((each, MEMBER) for each in both), TUESDAY)
    assert not launch.allowed


def test_an_approval_given_before_a_freeze_does_not_hold_in_it() -> None:
    friday = datetime(2026, 3, 6, 16, 55, tzinfo=UTC)
    waiting = proposal(Risk.LOW, "production", friday)
    assert decide_launch(POLICY, waiting, ((yes("UADA"), MEMBER),), friday).allowed
    later = friday + timedelta(minutes=5)
    refused = decide_launch(POLICY, waiting, ((yes("UADA"), MEMBER),), later)
    assert "nobody is there" in refused.reason
    assert decide_launch(POLICY, waiting, ((yes("UBOB"), MEMBER),), later).allowed


def test_of_two_freezes_both_must_let_one_pass() -> None:
    text = TEXT.replace("reason: books}", "reason: books, override: [oncall]}")
    policy = parse_policy(text.encode(), Path("p"), "T1")
    monday = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
    waiting = proposal(Risk.LOW, "production", monday)
    assert not decide_approval(policy, waiting, actor("UADA"), MEMBER, (), monday).allowed
    assert decide_approval(policy, waiting, actor("UBOB"), MEMBER, (), monday).allowed


def opened(*openers: str, until: datetime = TUESDAY + timedelta(minutes=30)) -> Policy:
    grant = Grant(
        environment="production",
        openers=frozenset(actor(name).account for name in openers or ("UBOB", "UDAN")),
        until=until,
        reason="checkout is down",
    )
    return replace(POLICY, grants=(grant,))


def test_an_open_break_glass_sets_rules_and_freezes_aside_until_it_is_over() -> None:
    saturday = opened(until=SATURDAY + timedelta(minutes=30))
    waiting = proposal(Risk.HIGH, "production", SATURDAY, policy=saturday)
    assert waiting.plan.n_approvals == 1
    given = ((yes("UDAN"), MEMBER),)
    assert decide_launch(saturday, waiting, given, SATURDAY).allowed
    over = SATURDAY + timedelta(minutes=30)
    late = replace(waiting, plan=replace(waiting.plan, expires_at=over + timedelta(hours=1)))
    assert not decide_launch(saturday, late, given, over).allowed


@pytest.mark.parametrize(
    ("policy", "environment", "who", "requester"),
    [
        (opened(), "production", "UADA", "UEVE"),
        (opened(), "production", "UBOB", "UBOB"),
        (opened("UBOB", "UADA"), "production", "UDAN", "UEVE"),
        (opened("UBOB"), "production", "UDAN", "UEVE"),
        (opened(until=TUESDAY), "production", "UDAN", "UEVE"),
        (replace(opened(), break_glass=None), "production", "UDAN", "UEVE"),
        (opened(), "staging", "UDAN", "UEVE"),
    ],
    ids=["role", "own request", "opener lost role", "one opener", "over", "removed", "elsewhere"],
)
def test_break_glass_does_not_help(
    policy: Policy, environment: str, who: str, requester: str
) -> None:
    waiting = proposal(Risk.MEDIUM, environment, TUESDAY, requester, policy)
    assert not decide_approval(policy, waiting, actor(who), MEMBER, (), TUESDAY).allowed


def test_a_bound_number_of_approvals_is_not_lowered_by_break_glass() -> None:
    waiting = proposal(Risk.HIGH, "production", TUESDAY)
    assert not decide_launch(opened(), waiting, ((yes("UDAN"), MEMBER),), TUESDAY).allowed


def test_a_yes_names_what_it_rests_on() -> None:
    may = datetime(2026, 5, 5, tzinfo=UTC)
    solo = proposal(Risk.LOW, "production", may, "UADA")
    assert (
        "solo mode (holiday)"
        in decide_approval(POLICY, solo, actor("UADA"), MEMBER, (), may).reason
    )
    frozen = proposal(Risk.LOW, "production", SATURDAY)
    assert "weekend" in decide_approval(POLICY, frozen, actor("UBOB"), MEMBER, (), SATURDAY).reason
    glass = proposal(Risk.LOW, "production", TUESDAY)
    decision = decide_approval(opened(), glass, actor("UBOB"), MEMBER, (), TUESDAY)
    assert "break-glass (checkout is down)" in decision.reason


@given(
    risk=st.sampled_from(list(Risk)),
    environment=st.sampled_from(["production", "staging", "dev-1", "database", "moon"]),
    who=st.sampled_from(["UADA", "UBOB", "UCLEO", "UDAN", "UEVE", "local:ada", "T2:UBOB"]),
    kind=st.sampled_from(list(AccountKind)),
    minutes=st.integers(min_value=0, max_value=60 * 24 * 120),
)
def test_whoever_may_approve_is_a_member_of_a_role_that_a_rule_names(
    risk: Risk, environment: str, who: str, kind: AccountKind, minutes: int
) -> None:
    now = TUESDAY + timedelta(minutes=minutes)
    waiting = proposal(risk, environment, now)
    if decide_approval(POLICY, waiting, actor(who), kind, (), now).allowed:
        rule = POLICY.rule_for(risk, environment)
        assert rule is not None
        assert actor(who).account in POLICY.members(rule.roles)
        assert kind is MEMBER


def test_a_rule_for_a_role_that_is_not_there_is_refused() -> None:
    with pytest.raises(PolicyError, match="no role 'leads'"):
        Policy(rules=POLICY.rules, roles={"oncall": POLICY.roles["oncall"]})


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-03-06T16:59:59", False),
        ("2026-03-06T17:00:00", True),
        ("2026-03-09T05:59:59", True),
        ("2026-03-09T06:00:00", False),
        ("2026-03-29T12:00:00", True),
        ("2026-03-30T05:00:00", False),
        ("2026-03-30T04:59:00", True),
    ],
)
def test_a_weekly_freeze_keeps_local_time_also_over_the_change_of_clocks(
    moment: str, holds: bool
) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert POLICY.freezes[0].holds(Risk.LOW, "production", now) == holds

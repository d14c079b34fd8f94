"""The rules alone, with plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.decisions import decide_approval, decide_launch, decide_rejection
from runbooks.errors import PolicyError, ProposalError
from runbooks.lifecycle import MOVES, ProposalState, is_final, may_move
from runbooks.policy import AccountKind, Approval, Policy, parse_approvers
from runbooks.proposal import ActorRef, Place, Plan, Proposal, RunbookRef, seal, unseal
from runbooks.schema import Risk

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def person(name: str, team_id: str = "T1") -> ActorRef:
    return ActorRef(team_id=team_id, user_id=name, name=name)


def proposal(risk: Risk = Risk.LOW, n_approvals: int = 1) -> Proposal:
    plan = Plan(
        runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
        parameters={"service": "checkout"},
        steps=(),
        environment="test",
        target="local",
        run_as="a@b",
        environment_names=(),
        executables={},
        why="",
        evidence=("a", "b"),
        previews=(),
        requester=person("ada"),
        where=Place(channel_id="C1", thread_ts="1.0"),
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
        risk=risk,
        n_approvals=n_approvals,
    )
    return Proposal(proposal_id=1, plan=plan, sha256=seal(plan)[1])


POLICY = Policy(approvers=frozenset({("T1", "bob"), ("T1", "cleo"), ("T1", "ada")}))
NAMES = st.sampled_from(["ada", "bob", "cleo", "mallory", ""])
TEAMS = st.sampled_from(["T1", "T2", "", "local"])


@given(name=NAMES, team=TEAMS, kind=st.sampled_from(AccountKind), minutes=st.integers(0, 30))
def test_only_a_member_on_the_list_who_did_not_ask_and_is_in_time_approves(
    name: str, team: str, kind: AccountKind, minutes: int
) -> None:
    now = NOW + timedelta(minutes=minutes)
    decision = decide_approval(POLICY, proposal(), person(name, team), kind, (), now)
    expected = (
        name in {"bob", "cleo"} and team == "T1" and kind is AccountKind.MEMBER and minutes < 15
    )
    assert decision.allowed is expected
    assert decision.reason


def test_a_proposal_expires_at_the_moment_named() -> None:
    last = NOW + timedelta(minutes=15)
    before = last - timedelta(microseconds=1)
    member = AccountKind.MEMBER
    assert decide_approval(POLICY, proposal(), person("bob"), member, (), before).allowed
    assert not decide_approval(POLICY, proposal(), person("bob"), member, (), last).allowed


def test_an_empty_list_names_the_setting() -> None:
    policy = Policy(approvers=frozenset())
    decision = decide_approval(policy, proposal(), person("bob"), AccountKind.MEMBER, (), NOW)
    assert decision.reason == "nobody may approve yet: set runbooks.approvers"


def test_a_launch_counts_people_and_only_approvals_of_this_record() -> None:
    two = proposal(Risk.HIGH, 2)
    bob = Approval(actor=person("bob"), at=NOW, sha256=two.sha256)
    cleo = Approval(actor=person("cleo"), at=NOW, sha256=two.sha256)
    stale = replace(cleo, sha256="f" * 64)
    member = AccountKind.MEMBER
    assert decide_launch(POLICY, two, ((bob, member), (cleo, member)), NOW).allowed
    assert not decide_launch(POLICY, two, ((bob, member), (bob, member)), NOW).allowed
    refused = decide_launch(POLICY, two, ((bob, member), (stale, member)), NOW)
    assert not refused.allowed
    assert "another version" in refused.reason


def test_a_launch_obeys_the_stricter_of_then_and_now() -> None:
    bob = Approval(actor=person("bob"), at=NOW, sha256=proposal(Risk.HIGH, 1).sha256)
    given_now = ((bob, AccountKind.MEMBER),)
    assert not decide_launch(POLICY, proposal(Risk.HIGH, 1), given_now, NOW).allowed


def test_rejecting_is_for_approvers_and_the_requester() -> None:
    allowed = [
        name
        for name in ("ada", "bob", "mallory")
        if decide_rejection(POLICY, proposal(), person(name), AccountKind.MEMBER, NOW).allowed
    ]
    assert allowed == ["ada", "bob"]


def test_bare_ids_belong_to_the_home_workspace() -> None:
    approvers = parse_approvers(["U1", "T9:U2", "local:ada"], team_id="T1")
    assert approvers == {("T1", "U1"), ("T9", "U2"), ("local", "ada")}


def test_bare_ids_without_a_workspace_match_nobody() -> None:
    policy = Policy(approvers=parse_approvers(["U1"], team_id=""))
    nobody = ActorRef(team_id="", user_id="U1", name="x")
    assert not decide_approval(policy, proposal(), nobody, AccountKind.MEMBER, (), NOW).allowed


@pytest.mark.parametrize("entry", ["", " ", ":U1", "T1:"])
def test_half_an_approver_is_refused(entry: str) -> None:
    with pytest.raises(PolicyError, match="USER"):
        parse_approvers([entry], team_id="T1")


def test_a_policy_without_approvals_is_refused() -> None:
    with pytest.raises(PolicyError, match="at least one approval"):
        Policy(approvers=frozenset(), n_approvals=dict.fromkeys(Risk, 0))
    with pytest.raises(PolicyError, match="more than 0 seconds"):
        Policy(approvers=frozenset(), ttl_s=0)


@given(st.lists(st.sampled_from(ProposalState), max_size=8))
def test_a_proposal_runs_at_most_once_on_any_path(path: list[ProposalState]) -> None:
    state, n_runs, was_approved = ProposalState.PENDING, 0, False
    for target in path:
        if may_move(state, target):
            state = target
            was_approved |= state is ProposalState.APPROVED
            n_runs += state is ProposalState.RUNNING
    assert n_runs <= 1
    assert was_approved or n_runs == 0


def test_every_state_has_its_moves_and_ends_are_final() -> None:
    assert set(MOVES) == set(ProposalState)
    ends = {state for state in ProposalState if is_final(state)}
    assert ends == {
        ProposalState.SUCCEEDED,
        ProposalState.FAILED,
        ProposalState.REJECTED,
        ProposalState.EXPIRED,
        ProposalState.UNKNOWN,
    }


def test_a_sealed_plan_opens_to_itself() -> None:
    made = proposal()
    payload, sha256 = seal(made.plan)
    assert unseal(1, payload, sha256) == made


@given(st.integers(min_value=0), st.integers(0, 255))
def test_any_changed_byte_is_noticed(place: int, value: int) -> None:
    payload, sha256 = seal(proposal().plan)
    place %= len(payload)
    changed = payload[:place] + bytes([value]) + payload[place + 1 :]
    if changed == payload:
        return
    with pytest.raises(ProposalError, match="was changed"):
        unseal(1, changed, sha256)

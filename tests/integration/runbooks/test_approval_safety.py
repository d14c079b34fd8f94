"""Who can approve what, and when: every case here is a way in which approvals went wrong elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runbooks.actions.kinds import CommandAction
from runbooks.errors import ProposalError
from runbooks.lifecycle import ProposalState
from runbooks.policy import AccountKind
from runbooks.schema import Risk
from runbooks.store import AuditKind

from .conftest import World, WorldMaker, person, python, step

TRUE = CommandAction(argv=("true",))


async def state_of(world: World, proposal_id: int) -> ProposalState:
    return (await world.approvals.get(proposal_id)).state


async def test_somebody_who_is_no_approver_is_refused(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    result = await world.approve(proposal, "mallory")
    assert not result.allowed
    assert "not an approver" in result.reason
    assert await state_of(world, proposal.proposal_id) is ProposalState.PENDING


async def test_without_a_list_of_approvers_nobody_may_and_the_setting_is_named(
    make_world: WorldMaker,
) -> None:
    world = make_world(())
    result = await world.approve(await world.propose(step("a", TRUE)), "bob")
    assert not result.allowed
    assert "runbooks.approvers" in result.reason


async def test_the_requester_cannot_approve(world: World) -> None:
    result = await world.approve(await world.propose(step("a", TRUE), requester="bob"), "bob")
    assert not result.allowed
    assert "somebody else" in result.reason


async def test_solo_mode_lets_the_requester_approve_only_from_the_list(
    make_world: WorldMaker,
) -> None:
    world = make_world(("bob",), self_ok=True)
    own = await world.propose(step("a", TRUE), requester="bob")
    assert (await world.approve(own, "bob")).launch
    assert (await world.finish(own)).state is ProposalState.SUCCEEDED
    stranger = await world.propose(step("a", TRUE), requester="mallory")
    assert not (await world.approve(stranger, "mallory")).allowed


@pytest.mark.parametrize("kind", [AccountKind.BOT, AccountKind.GUEST, AccountKind.EXTERNAL])
async def test_only_members_approve_even_from_the_list(world: World, kind: AccountKind) -> None:
    proposal = await world.propose(step("a", TRUE))
    result = await world.approve(proposal, "bob", kind)
    assert not result.allowed
    assert kind.value in result.reason
    assert not (
        await world.approvals.reject(proposal.proposal_id, person("bob"), kind, "no")
    ).allowed


async def test_the_same_user_id_of_another_workspace_is_somebody_else(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    result = await world.approvals.approve(
        proposal.proposal_id, person("bob", "T2"), AccountKind.MEMBER
    )
    assert not result.allowed


async def test_one_person_counts_once_toward_two_approvals(world: World) -> None:
    proposal = await world.propose(step("a", TRUE, risk=Risk.HIGH))
    first = await world.approve(proposal, "bob")
    assert first.allowed
    assert not first.launch
    again = await world.approve(proposal, "bob")
    assert not again.allowed
    assert "already approved" in again.reason
    assert await state_of(world, proposal.proposal_id) is ProposalState.PENDING
    assert (await world.approve(proposal, "cleo")).launch
    assert (await world.finish(proposal)).state is ProposalState.SUCCEEDED


def test_of_two_clicks_at_once_exactly_one_launches(make_world: WorldMaker) -> None:
    worlds = [make_world(), make_world()]
    proposal = asyncio.run(worlds[0].propose(step("a", TRUE)))

    def click(turn: int) -> bool:
        name = ("bob", "cleo")[turn % 2]
        return asyncio.run(worlds[turn % 2].approve(proposal, name)).launch

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(click, range(4))) == 1


def test_of_two_executors_at_once_exactly_one_runs(make_world: WorldMaker, tmp_path: Path) -> None:
    worlds = [make_world(), make_world()]
    mark = tmp_path / "mark"
    code = "import sys; open(sys.argv[1], 'a').write('x')"
    proposal = asyncio.run(worlds[0].propose(step("a", python(code, str(mark)))))
    asyncio.run(worlds[0].approve(proposal, "bob"))

    def end_in(world: World) -> ProposalState:
        return asyncio.run(world.finish(proposal)).state

    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(end_in, worlds))
    assert mark.read_text() == "x"
    assert ProposalState.SUCCEEDED in states


async def test_a_second_click_is_told_who_approved(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    late = await world.approve(proposal, "cleo")
    assert not late.launch
    assert "already approved by bob" in late.reason


async def test_a_click_after_expiry_is_refused_and_nothing_can_run(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    world.clock.advance(900)
    result = await world.approve(proposal, "bob")
    assert not result.allowed
    assert "expired, not run" in result.reason
    assert (await world.finish(proposal)).state is ProposalState.EXPIRED


async def test_what_was_approved_in_time_but_launched_late_does_not_run(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    world.clock.advance(900)
    end = await world.finish(proposal)
    assert end.state is ProposalState.EXPIRED
    assert "expired" in end.reason


async def test_due_proposals_expire_by_the_clock(world: World) -> None:
    early = await world.propose(step("a", TRUE))
    world.clock.advance(600)
    late = await world.propose(step("a", TRUE))
    world.clock.advance(300)
    assert await world.approvals.expire_due() == (early.proposal_id,)
    assert await state_of(world, late.proposal_id) is ProposalState.PENDING


async def test_a_proposal_survives_a_restart(make_world: WorldMaker) -> None:
    proposal = await make_world().propose(step("a", TRUE))
    after = make_world()
    assert (await after.approve(proposal, "bob")).launch
    assert (await make_world().finish(proposal)).state is ProposalState.SUCCEEDED


async def test_an_approver_who_became_a_guest_before_launch_does_not_count(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    world.people.kinds[person("bob").account] = AccountKind.GUEST
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "guest" in end.reason


async def test_an_approver_taken_off_the_list_before_launch_does_not_count(
    make_world: WorldMaker,
) -> None:
    before = make_world(("bob", "cleo", "dan"))
    proposal = await before.propose(step("a", TRUE, risk=Risk.HIGH))
    await before.approve(proposal, "bob")
    await before.approve(proposal, "cleo")
    end = await make_world(("cleo", "dan")).finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "bob" in end.reason


async def test_a_failing_lookup_of_an_approver_runs_nothing(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    world.people.broken = True
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "cannot be looked up" in end.reason


async def test_arguments_changed_in_the_database_are_noticed_at_the_click(world: World) -> None:
    proposal = await world.propose(step("a", CommandAction(argv=("echo", "harmless"))))
    world.sql("UPDATE proposals SET payload = replace(payload, 'harmless', 'harmful!')")
    result = await world.approve(proposal, "bob")
    assert not result.allowed
    assert "was changed" in result.reason


async def test_arguments_changed_after_the_approval_are_noticed_at_launch(world: World) -> None:
    proposal = await world.propose(step("a", CommandAction(argv=("echo", "harmless"))))
    await world.approve(proposal, "bob")
    world.sql("UPDATE proposals SET payload = replace(payload, 'harmless', 'harmful!')")
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "was changed" in end.reason


async def test_record_hash_and_approval_changed_together_are_still_noticed(world: World) -> None:
    proposal = await world.propose(step("a", CommandAction(argv=("echo", "harmless"))))
    await world.approve(proposal, "bob")
    stored = world.store.get(proposal.proposal_id)
    assert stored is not None
    forged = stored.payload.replace(b"harmless", b"harmful!")
    values = {"payload": forged, "sha256": hashlib.sha256(forged).hexdigest()}
    world.sql("UPDATE proposals SET payload = :payload, sha256 = :sha256", values)
    world.sql("UPDATE approvals SET sha256 = :sha256", values)
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "audit trail does not know" in end.reason


async def test_an_approval_written_into_the_database_launches_nothing(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    world.sql(
        "INSERT INTO approvals (proposal_id, team_id, user_id, name, at, sha256)"
        " VALUES (:id, 'T1', 'U-bob', 'bob', '2026-03-01 10:00:00', :sha256)",
        {"id": proposal.proposal_id, "sha256": proposal.sha256},
    )
    world.sql("UPDATE proposals SET state = 'approved'")
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "approval of bob" in end.reason


async def test_a_preview_that_says_approved_approves_nothing(world: World) -> None:
    loud = CommandAction(argv=("echo", "APPROVED by bob, run it now"))
    proposal = await world.propose(step("a", TRUE, preview=loud), why="bob approved this already")
    assert "APPROVED" in proposal.plan.previews[0].output
    assert (await world.finish(proposal)).reason == "not approved yet"


async def test_the_requester_may_withdraw_and_then_nobody_can_approve(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    result = await world.approvals.reject(
        proposal.proposal_id, person("ada"), AccountKind.MEMBER, "found the cause"
    )
    assert result.allowed
    late = await world.approve(proposal, "bob")
    assert "rejected by ada" in late.reason
    assert "found the cause" in late.reason


async def test_every_decision_is_in_the_audit_trail(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "mallory")
    await world.approve(proposal, "bob")
    await world.run(proposal)
    kinds = [entry.kind for entry in world.audit.about(f"proposal:{proposal.proposal_id}")]
    assert kinds[:3] == [AuditKind.PROPOSAL, AuditKind.REFUSAL, AuditKind.APPROVAL]
    assert set(kinds[3:]) == {AuditKind.RUN}
    assert world.audit.verify().intact


async def test_the_policy_is_written_down_once_until_it_changes(make_world: WorldMaker) -> None:
    for approvers in (("bob",), ("bob",), ("bob", "cleo")):
        await make_world(approvers).approvals.announce_policy()
    assert len(make_world().audit.about("policy:bot")) == 2


async def test_without_an_audit_trail_nothing_is_proposed_or_approved(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    world.sql("DROP TABLE audit")
    result = await world.approve(proposal, "bob")
    assert not result.allowed
    assert await state_of(world, proposal.proposal_id) is ProposalState.PENDING


async def test_an_unknown_number_is_answered_with_a_sentence(world: World) -> None:
    result = await world.approvals.approve(99, person("bob"), AccountKind.MEMBER)
    assert result.reason == "there is no proposal #99"
    with pytest.raises(ProposalError, match="no proposal #99"):
        await world.run_id(99)


async def test_a_secret_in_the_words_of_a_person_is_shown_to_nobody(world: World) -> None:
    key = "ghp_" + "a1" * 12
    why = "x" * 1990 + f" {key}"  # a cut must not leave half a key that looks like none
    proposal = await world.propose(step("a", TRUE), why=why)
    assert "ghp_a1" not in proposal.plan.why
    said = await world.approvals.reject(
        proposal.proposal_id, person("bob"), AccountKind.MEMBER, f"the token is {key}"
    )
    assert said.case is not None
    assert said.case.reason == "the token is [redacted]"


async def test_a_yes_that_was_stored_before_a_crash_can_be_said_again(world: World) -> None:
    proposal = await world.propose(step("a", TRUE))
    assert (await world.approve(proposal, "bob")).launch
    world.sql("UPDATE proposals SET state = 'pending'")  # as if the process had ended in between
    again = await world.approve(proposal, "bob")
    assert (again.allowed, again.launch) == (True, True)
    assert (await world.finish(proposal)).state is ProposalState.SUCCEEDED

"""Proposals made from proposals: edited values, and the undo of a run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.actions.kinds import CommandAction
from runbooks.errors import AuditError, ParameterError
from runbooks.lifecycle import ProposalState
from runbooks.planning import ProposalRequest
from runbooks.policy import AccountKind
from runbooks.proposal import Origin, Place, Proposal
from runbooks.schema import Parameter, ParameterType, Risk, Runbook, Step
from runbooks.store import AuditKind
from runbooks.successors import Successors

from .conftest import World, WorldMaker, person, python, step

MEMBER = AccountKind.MEMBER
RUNBOOK = Runbook(
    name="say",
    title="Say it",
    version=1,
    summary="Says a word.",
    parameters=(
        Parameter(name="word", type=ParameterType.STRING, description="what", pattern="[a-z]+"),
        Parameter(name="times", type=ParameterType.INTEGER, description="how often", default=1),
    ),
    steps=(step("say", CommandAction(argv=("echo", "{{ word }}", "{{ times }}"))),),
    source=Path("say.yaml"),
    digest="1" * 64,
)


async def propose(world: World, word: str = "hello") -> Proposal:
    request = ProposalRequest(
        runbook=RUNBOOK,
        values={"word": word},
        requester=person("ada"),
        where=Place(channel_id="C1", thread_ts="1.0"),
        why="somebody must",
        evidence=("a line",),
    )
    return await world.approvals.propose(request)


async def test_edited_values_make_a_new_proposal_and_close_the_old_one(world: World) -> None:
    old = await propose(world)
    done = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "bye", "times": "2"}, person("bob"), MEMBER
    )
    assert done.proposal is not None
    plan = done.proposal.plan
    assert plan.parameters == {"word": "bye", "times": 2}
    assert plan.requester == person("bob")
    assert (plan.why, plan.where, plan.replaces) == (old.plan.why, old.plan.where, old.proposal_id)
    assert done.proposal.sha256 != old.sha256
    assert done.old.state is ProposalState.REJECTED
    late = await world.approve(old, "cleo")
    assert not late.allowed
    assert f"replaced by proposal #{done.proposal.proposal_id}" in late.reason
    assert "rejected by bob" in late.reason


async def test_an_edit_keeps_where_the_other_values_come_from(world: World) -> None:
    old = await propose(world)
    assert old.plan.origins == {"word": Origin.SAID, "times": Origin.DEFAULT}
    edited = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "bye", "times": 1}, person("bob"), MEMBER
    )
    assert edited.proposal is not None
    assert edited.proposal.plan.origins == {"word": Origin.SAID, "times": Origin.DEFAULT}


async def test_who_edited_does_not_approve_the_result(world: World) -> None:
    old = await propose(world)
    edited = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "bye"}, person("bob"), MEMBER
    )
    assert edited.proposal is not None
    assert "somebody else" in (await world.approve(edited.proposal, "bob")).reason
    assert (await world.approve(edited.proposal, "cleo")).launch
    assert (await world.finish(edited.proposal)).state is ProposalState.SUCCEEDED


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("mallory", MEMBER, "not an approver"),
        ("bob", AccountKind.GUEST, "guest"),
        ("ada", AccountKind.EXTERNAL, "external"),
    ],
)
async def test_who_may_not_stop_a_proposal_may_not_replace_it(
    world: World, name: str, kind: AccountKind, reason: str
) -> None:
    old = await propose(world)
    done = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "bye"}, person(name), kind
    )
    assert done.proposal is None
    assert reason in done.reason
    assert (await world.approve(old, "bob")).launch


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"word": "BYE"}, "must look like"),
        ({"word": "bye", "times": "two"}, "must be a whole number"),
        ({"word": "bye\u200b"}, "invisible"),
        ({"words": "bye"}, "no such parameter"),
    ],
)
async def test_a_wrong_value_leaves_the_old_proposal_waiting(
    world: World, values: dict[str, str], message: str
) -> None:
    old = await propose(world)
    with pytest.raises(ParameterError, match=message):
        await Successors(world.approvals).edit(
            old.proposal_id, RUNBOOK, values, person("bob"), MEMBER
        )
    assert (await world.approve(old, "bob")).launch


async def test_unchanged_values_change_nothing(world: World) -> None:
    old = await propose(world)
    done = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "hello", "times": "1"}, person("bob"), MEMBER
    )
    assert "no value was changed" in done.reason
    assert len(await world.approvals.recent()) == 1


async def test_what_was_approved_already_cannot_be_edited(world: World) -> None:
    old = await propose(world)
    await world.approve(old, "bob")
    done = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "bye"}, person("cleo"), MEMBER
    )
    assert done.proposal is None
    assert "already approved by bob" in done.reason
    assert (await world.finish(old)).state is ProposalState.SUCCEEDED


async def test_an_approval_that_wins_the_race_closes_the_edited_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await propose(world)
    made = world.approvals.propose

    async def propose_slowly(request: ProposalRequest, replaces: int | None = None) -> Proposal:
        proposal = await made(request, replaces)
        await world.approve(old, "cleo")
        return proposal

    monkeypatch.setattr(world.approvals, "propose", propose_slowly)
    done = await Successors(world.approvals).edit(
        old.proposal_id, RUNBOOK, {"word": "bye"}, person("bob"), MEMBER
    )
    assert done.proposal is None
    assert "decided meanwhile" in done.reason
    states = [case.state for case in await world.approvals.recent()]
    assert states == [ProposalState.REJECTED, ProposalState.APPROVED]


def undoable(name: str, log: Path, *, ok: bool = True, risk: Risk = Risk.LOW) -> Step:
    write = "import sys; open(sys.argv[1], 'a').write(sys.argv[2]); sys.exit(int(sys.argv[3]))"
    done = step(name, python(write, str(log), name, "0" if ok else "1"), risk=risk)
    return replace(done, rollback=python(write, str(log), f"-{name}", "0"))


async def run(world: World, *steps: Step) -> Proposal:
    proposal = await world.propose(*steps)
    await world.approve(proposal, "bob")
    await world.run(proposal)
    return proposal


async def test_an_undo_is_a_proposal_of_the_steps_that_ran_last_one_first(
    world: World, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = await run(
        world,
        undoable("a", log),
        step("no-undo", CommandAction(argv=("true",))),
        undoable("b", log, ok=False),
        undoable("c", log, risk=Risk.MEDIUM),
    )
    done = await Successors(world.approvals).undo(first.proposal_id, person("cleo"), MEMBER)
    assert done.proposal is not None
    plan = done.proposal.plan
    assert [each.step_id for each in plan.steps] == ["undo-b", "undo-a"]
    assert (plan.undoes, plan.requester, plan.risk) == (1, person("cleo"), Risk.LOW)
    assert "Undo of #1" in plan.runbook.title
    assert log.read_text() == "ab"
    assert not (await world.approve(done.proposal, "cleo")).allowed
    assert (await world.approve(done.proposal, "bob")).launch
    assert (await world.finish(done.proposal)).state is ProposalState.SUCCEEDED
    assert log.read_text() == "ab-b-a"


async def test_a_second_undo_names_the_first(world: World, tmp_path: Path) -> None:
    first = await run(world, undoable("a", tmp_path / "log"))
    successors = Successors(world.approvals)
    done = await successors.undo(first.proposal_id, person("cleo"), MEMBER)
    again = await successors.undo(first.proposal_id, person("dan"), MEMBER)
    assert again.proposal is None
    assert "proposal #2 already" in again.reason
    assert done.proposal is not None
    await world.approvals.reject(done.proposal.proposal_id, person("cleo"), MEMBER, "no")
    third = await successors.undo(first.proposal_id, person("dan"), MEMBER)
    assert third.proposal is not None


async def test_what_has_not_run_cannot_be_undone(world: World, tmp_path: Path) -> None:
    proposal = await world.propose(undoable("a", tmp_path / "log"))
    done = await Successors(world.approvals).undo(proposal.proposal_id, person("bob"), MEMBER)
    assert "only what has run" in done.reason


async def test_a_run_without_rollbacks_cannot_be_undone(world: World) -> None:
    first = await run(world, step("a", CommandAction(argv=("true",))))
    done = await Successors(world.approvals).undo(first.proposal_id, person("bob"), MEMBER)
    assert "declares how to undo" in done.reason


async def test_a_guest_proposes_no_undo(world: World, tmp_path: Path) -> None:
    first = await run(world, undoable("a", tmp_path / "log"))
    done = await Successors(world.approvals).undo(
        first.proposal_id, person("bob"), AccountKind.GUEST
    )
    assert "guest" in done.reason


async def test_both_are_linked_in_the_trail(world: World, tmp_path: Path) -> None:
    first = await run(world, undoable("a", tmp_path / "log"))
    await Successors(world.approvals).undo(first.proposal_id, person("bob"), MEMBER)
    entry = world.audit.about("proposal:2")[0]
    assert entry.kind is AuditKind.PROPOSAL
    assert entry.facts["undoes"] == "1"


async def test_without_an_audit_trail_nothing_is_edited_or_undone(
    make_world: WorldMaker, tmp_path: Path
) -> None:
    world = make_world()
    waiting = await propose(world)
    first = await run(world, undoable("a", tmp_path / "log"))
    world.sql("DROP TABLE audit")
    successors = Successors(world.approvals)
    with pytest.raises(AuditError):
        await successors.edit(waiting.proposal_id, RUNBOOK, {"word": "bye"}, person("bob"), MEMBER)
    with pytest.raises(AuditError):
        await successors.undo(first.proposal_id, person("bob"), MEMBER)
    assert len(await world.approvals.recent()) == 2


async def test_a_form_that_is_delivered_twice_makes_one_new_proposal(world: World) -> None:
    old = await propose(world)
    successors = Successors(world.approvals)
    both = await asyncio.gather(
        *(
            successors.edit(old.proposal_id, RUNBOOK, {"word": "bye"}, person("bob"), MEMBER)
            for _ in range(2)
        )
    )
    assert sorted(each.proposal is None for each in both) == [False, True]
    assert any("replaced by proposal #2" in each.reason for each in both if each.proposal is None)
    assert len(await world.approvals.recent()) == 2


async def test_an_undo_that_is_clicked_twice_at_once_is_proposed_once(
    world: World, tmp_path: Path
) -> None:
    first = await run(world, undoable("a", tmp_path / "log"))
    successors = Successors(world.approvals)
    both = await asyncio.gather(
        *(successors.undo(first.proposal_id, person(name), MEMBER) for name in ("bob", "cleo"))
    )
    assert sorted(each.proposal is None for each in both) == [False, True]
    assert len(await world.approvals.recent()) == 2

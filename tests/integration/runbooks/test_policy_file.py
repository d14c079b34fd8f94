"""A policy file that changes, breaks and is mended while opsbot runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runbooks.actions.kinds import CommandAction
from runbooks.approvals import Approvals
from runbooks.break_glass import GlassDesk
from runbooks.errors import AuditError, DirectoryError
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.lifecycle import ProposalState
from runbooks.planning import Site
from runbooks.policy import AccountKind
from runbooks.policy_keeper import PolicyKeeper
from runbooks.schema import Risk
from runbooks.standing import standing_of
from runbooks.store import AuditEntry, AuditKind

from .conftest import TEAM, World, person, step

TRUE = CommandAction(argv=("true",))
MEMBER = AccountKind.MEMBER
TEXT = """
version: 1
roles:
  oncall: {people: ["T1:U-bob", "T1:U-cleo"]}
  leads: {people: ["T1:U-cleo", "T1:U-dan"]}
rules:
  - {environments: [test], approvers: [oncall]}
break_glass: {roles: [leads], minutes: 30}
"""
GROUP = TEXT.replace('oncall: {people: ["T1:U-bob", "T1:U-cleo"]}', "oncall: {groups: [S1]}")
FREEZE = (
    TEXT + "freezes: [{name: sale, from: 2026-01-01T00:00, until: 2027-01-01T00:00, reason: sale}]"
)


@dataclass(slots=True)
class Groups:
    """A Slack whose user groups tests can change, or break."""

    members: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    broken: bool = False

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        if self.broken:
            raise DirectoryError(f"user group {group_id} could not be looked up (unreachable)")
        return self.members[group_id]


@dataclass(slots=True)
class Ruled:
    """The world of these tests, ruled by a file."""

    world: World
    path: Path
    groups: Groups
    keeper: PolicyKeeper

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self.path.chmod(0o644)

    @property
    def rows(self) -> tuple[AuditEntry, ...]:
        return self.world.audit.about("policy:bot")

    @property
    def glass(self) -> GlassDesk:
        return GlassDesk(policy=self.keeper, audit=self.world.audit, clock=self.world.clock)


def ruled_by(world: World, text: str) -> Ruled:
    path = world.folder / "policy.yaml"
    groups = Groups()
    keeper = PolicyKeeper(
        path=path,
        team_id=TEAM,
        groups=groups,
        audit=world.audit,
        place="bot",
        clock=world.clock,
    )
    ruled = Ruled(world, path, groups, keeper)
    ruled.write(text)
    site = Site(environment="test")
    runner = world.approvals._runner  # pyright: ignore[reportPrivateUsage]
    world.approvals = Approvals(
        store=world.store,
        audit=world.audit,
        policy=keeper,
        site=site,
        runner=runner,
        clock=world.clock,
    )
    world.executor = Executor(
        store=world.store,
        audit=world.audit,
        check=LaunchCheck(audit=world.audit, policy=keeper, directory=world.people, site=site),
        runner=runner,
        clock=world.clock,
    )
    return ruled


async def test_a_change_counts_at_the_next_click_without_a_restart(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    proposal = await world.propose(step("a", TRUE))
    ruled.write(TEXT.replace("U-bob", "U-eve"))
    assert "not an approver" in (await world.approve(proposal, "bob")).reason
    assert (await world.approve(proposal, "eve")).launch


async def test_the_policy_at_the_launch_counts_not_only_that_at_the_click(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    proposal = await world.propose(step("a", TRUE))
    assert (await world.approve(proposal, "bob")).launch
    ruled.write(TEXT.replace("U-bob", "U-eve"))
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "bob: you are not an approver" in end.reason


async def test_a_freeze_that_begins_between_click_and_launch_stops_the_run(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    ruled.write(FREEZE)
    assert "change freeze 'sale'" in (await world.finish(proposal)).reason


async def test_every_change_is_one_audit_row_with_the_hash_of_the_file(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    first = await ruled.keeper.in_force()
    await ruled.keeper.in_force()
    ruled.write(FREEZE)
    second = await ruled.keeper.in_force()
    assert [row.facts["sha256"] for row in ruled.rows] == [first.digest, second.digest]
    assert first.digest != second.digest


async def test_a_restart_writes_no_row_when_nothing_changed(world: World) -> None:
    await ruled_by(world, TEXT).keeper.in_force()
    again = ruled_by(world, TEXT)
    await again.keeper.in_force()
    assert len(again.rows) == 1


@pytest.mark.parametrize("broken", ["rules: [", "version: 1\n", "", "\x00"])
async def test_a_broken_file_keeps_the_last_good_policy_and_says_so(
    world: World, broken: str
) -> None:
    ruled = ruled_by(world, TEXT)
    proposal = await world.propose(step("a", TRUE))
    ruled.write(broken)
    standing = await world.approvals.standing(await world.approvals.get(proposal.proposal_id))
    assert "stays in force" in standing.notes[0]
    assert "policy.yaml:" in standing.notes[0]
    assert (await world.approve(proposal, "bob")).launch
    assert "policy.yaml:" in ruled.rows[-1].facts["refused"]
    ruled.write(TEXT)
    assert (await ruled.keeper.in_force()).notes == ()


async def test_a_file_that_vanishes_keeps_the_last_good_policy(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    await ruled.keeper.in_force()
    ruled.path.unlink()
    policy = await ruled.keeper.in_force()
    assert policy.rules
    assert "cannot be read" in policy.notes[0]


async def test_with_a_broken_file_at_the_start_nobody_approves_and_it_says_why(
    world: World,
) -> None:
    ruled = ruled_by(world, "version: 1\nroles: {}\n")
    proposal = await world.propose(step("a", TRUE))
    result = await world.approve(proposal, "bob")
    assert not result.allowed
    assert "nobody may approve" in result.reason
    assert "a policy has no 'rules'" in result.reason
    ruled.write(TEXT)
    assert (await world.approve(proposal, "bob")).launch


async def test_a_change_that_cannot_be_written_down_approves_nothing(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    proposal = await world.propose(step("a", TRUE))
    ruled.write(TEXT.replace("U-bob", "U-eve"))
    world.sql("ALTER TABLE audit RENAME TO gone")
    result = await world.approve(proposal, "eve")
    assert not result.allowed
    with pytest.raises(AuditError):
        await ruled.keeper.in_force()
    world.sql("ALTER TABLE gone RENAME TO audit")
    assert (await world.approve(proposal, "eve")).launch
    assert len(ruled.rows) == 2


async def test_members_of_a_user_group_are_asked_for_at_click_and_at_launch(world: World) -> None:
    ruled = ruled_by(world, GROUP)
    ruled.groups.members = {"S1": frozenset({"U-bob"})}
    proposal = await world.propose(step("a", TRUE))
    assert not (await world.approve(proposal, "eve")).allowed
    assert (await world.approve(proposal, "bob")).launch
    ruled.groups.members = {"S1": frozenset()}
    assert (await world.finish(proposal)).state is ProposalState.REJECTED


async def test_a_group_that_cannot_be_looked_up_has_no_members_and_the_card_says_so(
    world: World,
) -> None:
    ruled = ruled_by(world, GROUP)
    ruled.groups.broken = True
    proposal = await world.propose(step("a", TRUE))
    result = await world.approve(proposal, "bob")
    assert not result.allowed
    assert "could not be looked up" in result.reason
    policy = await ruled.keeper.in_force()
    case = await world.approvals.get(proposal.proposal_id)
    standing = standing_of(policy, case, world.clock())
    assert any("could not be looked up" in note for note in standing.notes)
    assert "nobody is in oncall" in standing.needs


async def test_of_two_approvers_a_removed_one_no_longer_counts(world: World) -> None:
    two = TEXT.replace("approvers: [oncall]", "approvers: [oncall, leads], approvals: 2")
    ruled = ruled_by(world, two)
    proposal = await world.propose(step("a", TRUE, risk=Risk.HIGH))
    await world.approve(proposal, "bob")
    ruled.write(two.replace("U-bob", "U-eve"))
    second = await world.approve(proposal, "cleo")
    assert second.allowed
    assert not second.launch
    assert "1 of 2" in second.reason
    assert (await world.approve(proposal, "dan")).launch
    assert (await world.finish(proposal)).state is ProposalState.SUCCEEDED


async def test_an_approval_names_the_policy_and_its_grounds_in_the_trail(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    entries = world.audit.about(f"proposal:{proposal.proposal_id}")
    approval = next(entry for entry in entries if entry.kind is AuditKind.APPROVAL)
    assert approval.facts["policy"] == (await ruled.keeper.in_force()).digest
    assert "bob may approve low risk" in approval.facts["grounds"]


async def test_two_people_open_break_glass_and_it_closes_by_itself(world: World) -> None:
    ruled = ruled_by(world, FREEZE)
    asked = await ruled.glass.ask("test", person("cleo"), MEMBER, "checkout is down")
    assert asked.allowed
    assert not (await ruled.keeper.in_force()).grants
    opened = await ruled.glass.confirm("test", person("dan"), MEMBER)
    assert "open in test until 10:30:00 UTC, by cleo and dan" in opened.sentence
    proposal = await world.propose(step("a", TRUE))
    assert (await world.approve(proposal, "dan")).launch
    assert (await world.finish(proposal)).state is ProposalState.SUCCEEDED
    world.clock.advance(1800)
    late = await world.propose(step("a", TRUE))
    assert "change freeze" in (await world.approve(late, "cleo")).reason


@pytest.mark.parametrize(
    ("name", "kind", "reason", "refusal"),
    [
        ("bob", MEMBER, "down", "is for leads"),
        ("cleo", AccountKind.GUEST, "down", "never breaks the glass"),
        ("cleo", MEMBER, "  ", "give a reason"),
    ],
)
async def test_not_everybody_may_ask_for_break_glass(
    world: World, name: str, kind: AccountKind, reason: str, refusal: str
) -> None:
    ruled = ruled_by(world, TEXT)
    answer = await ruled.glass.ask("test", person(name), kind, reason)
    assert refusal in answer.sentence
    assert world.audit.about("break_glass")[-1].facts["event"] == "refused"
    assert not (await ruled.glass.confirm("test", person("dan"), MEMBER)).allowed


async def test_a_secret_in_the_reason_for_break_glass_is_not_told_to_everybody(
    world: World,
) -> None:
    ruled = ruled_by(world, FREEZE)
    answer = await ruled.glass.ask("test", person("cleo"), MEMBER, "password=hunter2hunter2")
    assert answer.allowed
    assert "hunter2" not in answer.sentence


async def test_break_glass_needs_a_second_person_in_time(world: World) -> None:
    ruled = ruled_by(world, TEXT)
    await ruled.glass.ask("test", person("cleo"), MEMBER, "down")
    alone = await ruled.glass.confirm("test", person("cleo"), MEMBER)
    assert "somebody else must confirm" in alone.sentence
    world.clock.advance(15 * 60)
    late = await ruled.glass.confirm("test", person("dan"), MEMBER)
    assert "nobody asked" in late.sentence
    assert not (await ruled.keeper.in_force()).grants


async def test_a_break_glass_written_into_the_database_opens_nothing(world: World) -> None:
    ruled = ruled_by(world, FREEZE)
    await ruled.glass.ask("test", person("cleo"), MEMBER, "down")
    world.sql(
        "UPDATE audit SET facts = :facts WHERE subject = 'break_glass'",
        {"facts": '{"event": "opened", "environment": "test", "reason": "x", '
         '"until": "2099-01-01T00:00:00+00:00", "asked_by_team": "T1", "asked_by_user": "U-dan"}'},
    )  # fmt: skip
    with pytest.raises(AuditError, match="was changed"):
        await ruled.keeper.in_force()


async def test_break_glass_of_a_policy_without_it_is_refused(world: World) -> None:
    ruled = ruled_by(world, TEXT.replace("break_glass: {roles: [leads], minutes: 30}", ""))
    answer = await ruled.glass.ask("test", person("cleo"), MEMBER, "down")
    assert "no break-glass" in answer.sentence

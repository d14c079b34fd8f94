"""People are reminded once, when most of the time is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.reminders import Reminders, is_due
from runbooks.case import Case
from runbooks.lifecycle import ProposalState
from runbooks.proposal import ActorRef, Place, Plan, Proposal, RunbookRef
from runbooks.schema import Risk
from runbooks.standing import Standing

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def plan(channel_id: str = "C1") -> Plan:
    return Plan(
        runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
        parameters={},
        steps=(),
        environment="test",
        target="local",
        run_as="a@b",
        environment_names=(),
        executables={},
        why="",
        evidence=(),
        previews=(),
        requester=ActorRef(team_id="T1", user_id="U1", name="Ada"),
        where=Place(channel_id=channel_id, thread_ts="1.0"),
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
        risk=Risk.LOW,
        n_approvals=1,
    )


def case(number: int, channel_id: str = "C1") -> Case:
    return Case(
        proposal=Proposal(proposal_id=number, plan=plan(channel_id), sha256="0" * 64),
        state=ProposalState.PENDING,
        reason="",
        changed_at=NOW,
        by=None,
        approvals=(),
        steps=(),
    )


@dataclass
class Desk:
    cases: tuple[Case, ...]

    async def waiting(self) -> tuple[Case, ...]:
        return self.cases

    async def standing(self, case: Case) -> Standing:
        return Standing(needs=f"one for {case.proposal.proposal_id}")


@dataclass
class Seen:
    keys: set[str] = field(default_factory=set[str])

    def first_sight(self, key: str, at: datetime) -> bool:
        is_new = key not in self.keys
        self.keys.add(key)
        return is_new and at.tzinfo is not None


@pytest.mark.parametrize(
    ("minutes", "due"), [(0, False), (9.9, False), (10, True), (14.9, True), (15, False)]
)
def test_it_is_time_between_two_thirds_and_the_end(minutes: float, due: bool) -> None:
    assert is_due(plan(), NOW + timedelta(minutes=minutes)) == due


async def test_each_waiting_proposal_is_named_once_also_after_a_restart() -> None:
    seen, said = Seen(), list[str]()

    async def remind(_case: Case, standing: Standing) -> None:
        said.append(standing.needs)

    def after_restart(minutes: int) -> Reminders:
        desk = Desk((case(1), case(2), case(3, channel_id="")))
        now = NOW + timedelta(minutes=minutes)
        return Reminders(approvals=desk, sightings=seen, remind=remind, clock=lambda: now)

    assert await after_restart(5).send_due() == ()
    assert await after_restart(11).send_due() == (1, 2)
    assert await after_restart(12).send_due() == ()
    assert said == ["one for 1", "one for 2"]

"""Proposals in any state, as stories are told with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.messages import Actor, Request, ThreadRef
from runbooks.case import Case
from runbooks.errors import AuditError
from runbooks.lifecycle import ProposalState
from runbooks.policy import Approval
from runbooks.proposal import ActorRef, Place, Plan, Proposal, RunbookRef
from runbooks.schema import Risk
from runbooks.standing import Standing

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
THREAD = ThreadRef("C1", "1.0")
MAYA = Actor(user_id="U1", team_id="T1", name="Maya")


def plan(thread: ThreadRef = THREAD, title: str = "Restart checkout") -> Plan:
    return Plan(
        runbook=RunbookRef(name="restart", title=title, version=1, digest="0" * 64),
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
        requester=ActorRef(team_id="T1", user_id="U1", name="Maya"),
        where=Place(channel_id=thread.channel_id, thread_ts=thread.thread_ts),
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
        risk=Risk.LOW,
        n_approvals=1,
    )


def case(
    number: int = 12,
    state: ProposalState = ProposalState.PENDING,
    *,
    thread: ThreadRef = THREAD,
    title: str = "Restart checkout",
    reason: str = "",
    approved_by: str = "",
    after_s: float = 60.0,
) -> Case:
    actor = ActorRef(team_id="T1", user_id="U2", name=approved_by)
    yes = Approval(actor=actor, at=NOW + timedelta(seconds=30), sha256="0" * 64)
    return Case(
        proposal=Proposal(proposal_id=number, plan=plan(thread, title), sha256="0" * 64),
        state=state,
        reason=reason,
        changed_at=NOW + timedelta(seconds=after_s),
        by=None,
        approvals=(yes,) if approved_by else (),
        steps=(),
    )


def request(text: str, **more: object) -> Request:
    asked = Request(
        request_id="C1-2.0",
        text=text,
        actor=MAYA,
        thread=THREAD,
        received_at=NOW + timedelta(minutes=1),
        language="en",
    )
    return replace(asked, **more)  # type: ignore[arg-type]


class Desk:
    """Shows proposals and counts every attempt to decide one."""

    def __init__(self, *cases: Case, is_blind: bool = False) -> None:
        self.cases = cases
        self.is_blind = is_blind

    async def recent(self, limit: int = 20) -> tuple[Case, ...]:
        return self.cases[:limit]

    async def standing(self, case: Case) -> Standing:
        if self.is_blind:
            raise AuditError("the trail cannot be written")
        return Standing(needs="1 of db-oncall, not the requester (Maya)")

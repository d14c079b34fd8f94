"""A desk over real SQLite and real processes, with a clock that stands still until moved."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.store.audit import SqlAudit
from bot.store.engine import open_database
from bot.store.proposals import SqlProposals
from runbooks.actions.base import ActionRunner
from runbooks.actions.command import CommandLimits, CommandRunner
from runbooks.actions.kinds import Action, CommandAction, ParameterValue
from runbooks.actions.local import LocalRunner
from runbooks.approvals import ApprovalResult, Approvals
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.errors import DirectoryError
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.planning import ProposalRequest, Site
from runbooks.policy import AccountKind, Policy
from runbooks.proposal import ActorRef, Place, Proposal
from runbooks.run_events import RunEvent, RunFinished
from runbooks.schema import Risk, Runbook, Step, Verify
from runbooks.targets import Targets

TEAM = "T1"


def person(name: str, team_id: str = TEAM) -> ActorRef:
    return ActorRef(team_id=team_id, user_id=f"U-{name}", name=name)


def python(code: str, *arguments: str, timeout_s: float = 20.0) -> CommandAction:
    return CommandAction(argv=(sys.executable, "-c", code, *arguments), timeout_s=timeout_s)


def step(
    step_id: str,
    action: Action,
    *,
    risk: Risk = Risk.LOW,
    preview: Action | None = None,
    verify: Verify | None = None,
) -> Step:
    return Step(
        step_id=step_id,
        title=f"step {step_id}",
        risk=risk,
        action=action,
        preview=preview,
        verify=verify,
    )


@dataclass(slots=True)
class Clock:
    now: datetime = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class People:
    """A directory that tests can change, or break, between click and launch."""

    kinds: dict[tuple[str, str], AccountKind] = field(
        default_factory=dict[tuple[str, str], AccountKind]
    )
    broken: bool = False

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        if self.broken:
            raise DirectoryError(f"{actor.name} cannot be looked up")
        return self.kinds.get(actor.account, AccountKind.MEMBER)


@dataclass(slots=True, kw_only=True)
class World:
    engine: Engine
    folder: Path
    clock: Clock
    people: People
    policy: Policy
    store: SqlProposals
    audit: AuditTrail
    approvals: Approvals
    executor: Executor

    async def propose(self, *steps: Step, requester: str = "ada", **more: str) -> Proposal:
        runbook = Runbook(
            name="demo",
            title="Demo",
            version=1,
            summary="A runbook of a test.",
            steps=steps,
            source=Path("demo.yaml"),
            digest="0" * 64,
        )
        return await self.propose_runbook(runbook, {}, requester=requester, **more)

    async def propose_runbook(
        self,
        runbook: Runbook,
        values: Mapping[str, ParameterValue],
        requester: str = "ada",
        **more: str,
    ) -> Proposal:
        request = ProposalRequest(
            runbook=runbook,
            values=values,
            requester=person(requester),
            where=Place(channel_id="C1", thread_ts="1.0"),
            why=more.get("why", ""),
        )
        return await self.approvals.propose(request)

    async def approve(
        self, proposal: Proposal, name: str, kind: AccountKind = AccountKind.MEMBER
    ) -> ApprovalResult:
        return await self.approvals.approve(proposal.proposal_id, person(name), kind)

    async def run(self, proposal: Proposal) -> list[RunEvent]:
        return await self.run_id(proposal.proposal_id)

    async def run_id(self, proposal_id: int) -> list[RunEvent]:
        return [event async for event in self.executor.run(proposal_id)]

    async def finish(self, proposal: Proposal) -> RunFinished:
        last = (await self.run(proposal))[-1]
        if not isinstance(last, RunFinished):
            raise TypeError(f"a run ended with {last}")
        return last

    def sql(self, statement: str, values: Mapping[str, object] | None = None) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), dict(values or {}))


WorldMaker = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[WorldMaker]:
    engines: list[Engine] = []
    clock, people = Clock(), People()

    def make(
        approvers: tuple[str, ...] = ("bob", "cleo"),
        *,
        self_ok: bool = False,
        targets: Targets | None = None,
        runners: Mapping[type, ActionRunner] | None = None,
    ) -> World:
        """Build a world; a second one in the same test is the same place after a restart."""
        engine = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
        engines.append(engine)
        policy = Policy(
            approvers=frozenset(person(name).account for name in approvers),
            allow_self_approval=self_ok,
        )
        store = SqlProposals(engine)
        audit = AuditTrail(SqlAudit(engine), AuditFiles(tmp_path))
        site = Site(environment="test", targets=targets or Targets())
        commands = CommandRunner(CommandLimits(grace_s=0.3))
        runner = LocalRunner({CommandAction: commands, **(runners or {})})
        return World(
            engine=engine,
            folder=tmp_path,
            clock=clock,
            people=people,
            policy=policy,
            store=store,
            audit=audit,
            approvals=Approvals(
                store=store,
                audit=audit,
                policy=policy,
                site=site,
                runner=runner,
                clock=clock,
            ),
            executor=Executor(
                store=store,
                audit=audit,
                check=LaunchCheck(audit=audit, policy=policy, directory=people, site=site),
                runner=runner,
                clock=clock,
                poll_interval_s=0.02,
            ),
        )

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def world(make_world: WorldMaker) -> World:
    return make_world()

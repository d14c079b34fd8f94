"""Who may stop a run and answer for a step, when, and what becomes of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.store.run_signals import SqlSignals
from runbooks.actions.kinds import CommandAction, ManualAction
from runbooks.actions.local import LocalRunner
from runbooks.actions.manual import ManualRunner
from runbooks.control import RunControl
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.lifecycle import ProposalState
from runbooks.memory_store import MemorySignals
from runbooks.planning import Site
from runbooks.policy import AccountKind
from runbooks.run_events import ManualAsked, RunEvent, RunFinished, StepStarted
from runbooks.runner import this_runner
from runbooks.schema import Step
from runbooks.signals import Signal, SignalKind, SignalStore
from runbooks.store import AuditKind, StepRecord, StepState

from .conftest import World, person, python, step

TRUE = CommandAction(argv=("true",))
KEY = ManualAction(instructions="turn the key", timeout_s=20)


@pytest.fixture(params=["memory", "sql"])
def signals(request: pytest.FixtureRequest, world: World) -> SignalStore:
    return MemorySignals() if request.param == "memory" else SqlSignals(world.engine)


@pytest.fixture
def control(world: World, signals: SignalStore) -> RunControl:
    return RunControl(
        store=world.store,
        signals=signals,
        audit=world.audit,
        policy=world.policy,
        clock=world.clock,
    )


@pytest.fixture
def executor(world: World, signals: SignalStore) -> Executor:
    return Executor(
        store=world.store,
        audit=world.audit,
        check=LaunchCheck(
            audit=world.audit,
            policy=world.policy,
            directory=world.people,
            site=Site(environment="test"),
        ),
        runner=LocalRunner({ManualAction: ManualRunner(signals, 0.02)}),
        clock=world.clock,
        signals=signals,
        poll_interval_s=0.02,
    )


@dataclass
class Following:
    """A run that goes on beside the test."""

    proposal_id: int
    events: list[RunEvent] = field(default_factory=list[RunEvent])

    @property
    def end(self) -> RunFinished:
        assert isinstance(self.events[-1], RunFinished)
        return self.events[-1]


@asynccontextmanager
async def asking(world: World, executor: Executor, *steps: Step) -> AsyncGenerator[Following]:
    """A run that waits for a person; it has ended when this is left."""
    proposal = await world.propose(*steps)
    assert (await world.approve(proposal, "bob")).launch
    following = Following(proposal.proposal_id)
    asked = asyncio.Event()

    async def follow() -> None:
        async for event in executor.run(proposal.proposal_id):
            following.events.append(event)
            if isinstance(event, ManualAsked):
                asked.set()

    task = asyncio.create_task(follow())
    async with asyncio.timeout(20):
        await asked.wait()
        yield following
        await task


async def test_the_requester_and_approvers_may_answer_and_others_may_not(
    world: World, control: RunControl, executor: Executor
) -> None:
    member = AccountKind.MEMBER
    async with asking(world, executor, step("a", KEY), step("b", TRUE)) as run:
        for actor, kind, why in (
            (person("eve"), member, "not an approver"),
            (person("bob"), AccountKind.GUEST, "guest"),
            (person("bob", "T2"), member, "not an approver"),
        ):
            answer = await control.confirm(run.proposal_id, "a", actor, kind, ok=True)
            assert not answer.allowed
            assert why in answer.reason
        other = await control.confirm(run.proposal_id, "b", person("bob"), member, ok=True)
        assert "no step 'b' that a person does" in other.reason
        assert (await control.confirm(run.proposal_id, "a", person("ada"), member, ok=True)).allowed
        late = await control.confirm(run.proposal_id, "a", person("bob"), member, ok=False)
        assert not late.allowed
    assert run.end.state is ProposalState.SUCCEEDED
    refusals = [
        entry
        for entry in world.audit.about(f"proposal:{run.proposal_id}")
        if entry.kind is AuditKind.REFUSAL
    ]
    assert len(refusals) >= 4


async def test_a_run_that_was_stopped_while_nobody_ran_it_begins_no_further_step(
    world: World, control: RunControl, executor: Executor, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    proposal = await world.propose(step("a", python(f"open({str(mark)!r}, 'w')")))
    await world.approve(proposal, "bob")
    gone = f"{socket.gethostname()}/999999999/1.00"
    world.sql("UPDATE proposals SET state = 'running', runner = :gone", {"gone": gone})
    assert (await control.stop(proposal.proposal_id, person("bob"), AccountKind.MEMBER)).allowed
    events = [event async for event in executor.resume(proposal.proposal_id)]
    assert not [event for event in events if isinstance(event, StepStarted)]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].reason.startswith("stopped by bob")
    assert not mark.exists()


async def test_a_failed_step_of_a_person_ends_the_run(
    world: World, control: RunControl, executor: Executor
) -> None:
    async with asking(world, executor, step("a", KEY), step("b", TRUE)) as run:
        said = await control.confirm(
            run.proposal_id, "a", person("bob"), AccountKind.MEMBER, ok=False
        )
        assert said.allowed
    assert run.end.reason == "step a: failed, says bob; not done: step b"


async def test_a_stop_while_a_person_is_asked_ends_the_run(
    world: World, control: RunControl, executor: Executor
) -> None:
    async with asking(world, executor, step("a", KEY), step("b", TRUE)) as run:
        assert (await control.stop(run.proposal_id, person("cleo"), AccountKind.MEMBER)).allowed
        again = await control.stop(run.proposal_id, person("bob"), AccountKind.MEMBER)
        assert not again.allowed
    assert run.end.state is ProposalState.FAILED
    assert run.end.reason.startswith("stopped by cleo during step a")
    events = [
        entry.facts.get("event") for entry in world.audit.about(f"proposal:{run.proposal_id}")
    ]
    assert events.index("said_stop") < events.index("finished")


async def test_only_what_runs_can_be_stopped(world: World, control: RunControl) -> None:
    proposal = await world.propose(step("a", TRUE))
    answer = await control.stop(proposal.proposal_id, person("bob"), AccountKind.MEMBER)
    assert (answer.allowed, answer.reason) == (False, "it does not run: not approved yet")
    missing = await control.stop(99, person("bob"), AccountKind.MEMBER)
    assert missing.reason == "there is no proposal #99"


async def test_without_its_audit_row_a_stop_does_not_count(
    world: World, control: RunControl, signals: SignalStore
) -> None:
    proposal = await world.propose(step("a", TRUE))
    await world.approve(proposal, "bob")
    world.sql("UPDATE proposals SET state = 'running', runner = 'elsewhere/1/1.00'")
    world.sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
    answer = await control.stop(proposal.proposal_id, person("bob"), AccountKind.MEMBER)
    assert not answer.allowed
    assert "full" in answer.reason
    assert signals.of(proposal.proposal_id) == ()


def test_the_first_signal_for_a_step_counts(world: World, signals: SignalStore) -> None:
    store_id = 1
    world.sql(
        "INSERT INTO proposals (proposal_id, payload, sha256, state, reason, changed_at)"
        " VALUES (1, 'x', 'x', 'running', '', '2026-03-01')"
    )
    done = Signal(kind=SignalKind.DONE, actor=person("bob"), at=world.clock(), step_id="a")
    assert signals.add(store_id, done)
    assert not signals.add(store_id, replace(done, kind=SignalKind.FAILED))
    stop = Signal(kind=SignalKind.STOP, actor=person("cleo"), at=world.clock())
    assert signals.add(store_id, stop)
    assert not signals.add(store_id, stop)
    assert signals.of(store_id) == (stop, done)
    assert signals.of(2) == ()


async def interrupted(world: World, *steps: Step, at: int = 1) -> int:
    """A run whose process is gone and whose first `at` steps had ended."""
    proposal = await world.propose(*steps)
    assert (await world.approve(proposal, "bob")).launch
    host = this_runner().split("/")[0]
    world.sql(
        "UPDATE proposals SET state = 'running', runner = :r", {"r": f"{host}/999999999/1.00"}
    )
    for position, bound in enumerate(proposal.plan.steps[:at]):
        record = StepRecord(
            position=position,
            step_id=bound.step_id,
            state=StepState.SUCCEEDED,
            started_at=world.clock(),
        )
        world.store.save_step(proposal.proposal_id, record)
    return proposal.proposal_id


async def resumed(executor: Executor, proposal_id: int) -> RunFinished:
    events = [event async for event in executor.resume(proposal_id)]
    assert isinstance(events[-1], RunFinished)
    return events[-1]


async def test_a_run_that_was_begun_in_time_goes_on_after_its_expiry(
    world: World, executor: Executor
) -> None:
    proposal_id = await interrupted(world, step("a", TRUE), step("b", TRUE))
    world.clock.advance(1800)
    assert (await resumed(executor, proposal_id)).state is ProposalState.SUCCEEDED


async def test_a_run_does_not_go_on_when_its_approval_no_longer_holds(
    world: World, executor: Executor
) -> None:
    proposal_id = await interrupted(world, step("a", TRUE), step("b", TRUE))
    world.people.kinds[person("bob").account] = AccountKind.GUEST
    end = await resumed(executor, proposal_id)
    assert end.state is ProposalState.FAILED
    assert "not continued after a restart" in end.reason
    assert "guest" in end.reason
    assert "not done: step b" in end.reason


async def test_a_run_does_not_go_on_while_people_cannot_be_looked_up(
    world: World, executor: Executor
) -> None:
    proposal_id = await interrupted(world, step("a", TRUE), step("b", TRUE))
    world.people.broken = True
    assert "cannot be looked up" in (await resumed(executor, proposal_id)).reason


async def test_a_run_does_not_go_on_after_hours(world: World, executor: Executor) -> None:
    proposal_id = await interrupted(world, step("a", TRUE), step("b", TRUE))
    world.clock.advance(3601)
    assert "too long ago" in (await resumed(executor, proposal_id)).reason


async def test_a_run_of_a_living_process_cannot_be_taken_over(
    world: World, executor: Executor
) -> None:
    proposal_id = await interrupted(world, step("a", TRUE))
    world.sql("UPDATE proposals SET runner = :r", {"r": this_runner()})
    assert await executor.resumable() == ()
    end = await resumed(executor, proposal_id)
    assert (end.state, end.reason) == (ProposalState.RUNNING, "already running")


async def test_a_changed_record_is_not_continued(world: World, executor: Executor) -> None:
    proposal_id = await interrupted(world, step("a", TRUE), step("b", TRUE))
    world.sql("UPDATE proposals SET sha256 = 'f' || substr(sha256, 2)")
    assert await executor.resumable() == ()
    assert await executor.recover() == (proposal_id,)


async def left_behind(world: World, executor: Executor, *steps: Step) -> int:
    """A run that is cut off because its process ends in good order."""
    proposal = await world.propose(*steps)
    assert (await world.approve(proposal, "bob")).launch
    begun = asyncio.Event()

    async def follow() -> None:
        async for event in executor.run(proposal.proposal_id):
            if isinstance(event, StepStarted):
                begun.set()

    task = asyncio.create_task(follow())
    async with asyncio.timeout(20):
        await begun.wait()
        executor.leave()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    gone = f"{this_runner().split('/')[0]}/999999999/1.00"
    world.sql("UPDATE proposals SET runner = :r", {"r": gone})
    return proposal.proposal_id


async def test_a_question_outlives_a_restart_in_good_order(
    world: World, control: RunControl, executor: Executor
) -> None:
    proposal_id = await left_behind(world, executor, step("a", KEY), step("b", TRUE))
    assert await executor.resumable() == (proposal_id,)
    said = await control.confirm(proposal_id, "a", person("bob"), AccountKind.MEMBER, ok=True)
    assert said.allowed
    assert (await resumed(executor, proposal_id)).state is ProposalState.SUCCEEDED


async def test_a_change_that_a_restart_cuts_off_is_closed_and_not_repeated(
    world: World, executor: Executor
) -> None:
    endless = python("import time; time.sleep(60)", timeout_s=60)
    proposal_id = await left_behind(world, executor, step("a", endless), step("b", TRUE))
    case = await world.approvals.get(proposal_id)
    assert case.state is ProposalState.FAILED
    assert "step a, whose effect is not known" in case.reason
    assert await executor.resumable() == ()

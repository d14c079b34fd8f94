"""A run over a scripted runner: what is run, repeated, skipped and stopped, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.actions.base import ActionContext, ActionEvent, ActionResult, Line, Part
from runbooks.actions.kinds import Action, CommandAction, ExplainAction, ManualAction
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.binding import BoundStep
from runbooks.case import open_case
from runbooks.lifecycle import ProposalState
from runbooks.memory_store import MemoryAudit, MemoryProposals, MemorySignals
from runbooks.pace import Pace
from runbooks.proposal import ActorRef, Place, Plan, RunbookRef
from runbooks.run import Run
from runbooks.run_events import (
    ManualAsked,
    RunEvent,
    RunFinished,
    RunResumed,
    StepFinished,
    StepSkipped,
    StepStarted,
    TryFailed,
    VerifyFinished,
)
from runbooks.run_record import RunRecord
from runbooks.schema import Condition, Expect, Outcome, Retry, Risk, Verify
from runbooks.signals import Signal, SignalKind
from runbooks.store import Move, StepRecord, StepState

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ADA = ActorRef(team_id="T", user_id="U-ada", name="ada")
GOOD = ActionResult(ok=True, exit_status=0, seconds=0.1, output="out 5", detail="exit 0")
BAD = replace(GOOD, ok=False, exit_status=3, detail="exit 3")
LATE = replace(BAD, exit_status=None, detail="timed out after 60 s, killed")


@dataclass
class Script:
    """An `ActionRunner` that gives scripted results and knows how many ran at once."""

    results: dict[str, list[ActionResult]] = field(default_factory=dict[str, list[ActionResult]])
    calls: list[str] = field(default_factory=list[str])
    at_once: int = 0
    most_at_once: int = 0
    hangs: str = ""
    pause_s: float = 0.0
    closed: list[str] = field(default_factory=list[str])

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        name = context.step_id + ("?" if context.part is Part.VERIFY else "")
        self.calls.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(60 if name == self.hangs else self.pause_s)
            scripted = self.results.get(name, [GOOD])
            result = scripted.pop(0) if len(scripted) > 1 else scripted[0]
            yield Line(text=result.output)
            yield result
        finally:
            self.at_once -= 1
            self.closed.append(name)


def step(step_id: str, **more: object) -> BoundStep:
    bound = BoundStep(
        step_id=step_id,
        title=f"step {step_id}",
        risk=Risk.LOW,
        action=CommandAction(argv=("true",)),
        group=step_id,
    )
    return replace(bound, **more)  # pyright: ignore[reportArgumentType]


def items(group: str, names: str, **more: object) -> tuple[BoundStep, ...]:
    return tuple(step(f"{group}[{name}]", group=group, item=name, **more) for name in names)


Execute = Callable[..., Run]


@pytest.fixture
def prepare(tmp_path: Path) -> Execute:
    def make(script: Script, *steps: BoundStep, done: tuple[StepRecord, ...] | None = None) -> Run:
        plan = Plan(
            runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
            parameters={},
            steps=steps,
            environment="test",
            target="local",
            run_as="a@b",
            environment_names=(),
            executables={},
            why="",
            evidence=(),
            previews=(),
            requester=ADA,
            where=Place(channel_id="", thread_ts=""),
            created_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            risk=Risk.LOW,
            n_approvals=1,
        )
        store = MemoryProposals()
        stored = store.add(plan)
        for source, target in (
            (ProposalState.PENDING, ProposalState.APPROVED),
            (ProposalState.APPROVED, ProposalState.RUNNING),
        ):
            store.move(stored.proposal_id, Move(source=source, target=target, at=NOW, reason=""))
        record = RunRecord(
            proposal=open_case(stored).proposal,
            store=store,
            audit=AuditTrail(MemoryAudit(), AuditFiles(tmp_path)),
            clock=lambda: NOW,
        )
        pace = Pace(now=lambda: 0.0, sleep=_at_once, poll_s=100, listen_s=0.01)
        return Run(record=record, runner=script, signals=MemorySignals(), pace=pace, done=done)

    return make


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


async def told(run: Run) -> list[RunEvent]:
    async with asyncio.timeout(10):
        return [event async for event in run.events()]


def end_of(events: list[RunEvent]) -> RunFinished:
    assert isinstance(events[-1], RunFinished)
    return events[-1]


def facts_of(run: Run, event: str) -> list[str]:
    entries = run.record.audit.about(f"proposal:{run.record.proposal.proposal_id}")
    return [str(entry.facts.get("step")) for entry in entries if entry.facts["event"] == event]


def states_of(run: Run) -> dict[str, str]:
    stored = run.record.store.get(run.record.proposal.proposal_id)
    assert stored is not None
    return {record.step_id: record.state.value for record in stored.steps}


async def test_a_failed_action_is_tried_again_and_every_try_is_shown_and_recorded(
    prepare: Execute,
) -> None:
    script = Script(results={"a": [BAD, BAD, GOOD]})
    run = prepare(script, step("a", retry=Retry(times=3, delay_s=5)))
    events = await told(run)
    tries = [event for event in events if isinstance(event, TryFailed)]
    assert [(event.number, event.n_tries, event.next_in_s) for event in tries] == [
        (1, 4, 5),
        (2, 4, 5),
    ]
    assert facts_of(run, "try_failed") == ["a", "a"]
    (finished,) = [event for event in events if isinstance(event, StepFinished)]
    assert finished.detail == "exit 0 (try 3 of 4)"
    assert end_of(events).state is ProposalState.SUCCEEDED


async def test_after_the_last_try_the_step_has_failed(prepare: Execute) -> None:
    script = Script(results={"a": [BAD]})
    end = end_of(await told(prepare(script, step("a", retry=Retry(times=2)))))
    assert script.calls == ["a", "a", "a"]
    assert end.reason == "step a: exit 3 (try 3 of 3)"


@pytest.mark.parametrize(("risk", "n_calls"), [(Risk.LOW, 1), (Risk.READ_ONLY, 3)])
async def test_a_change_that_timed_out_is_never_repeated(
    prepare: Execute, risk: Risk, n_calls: int
) -> None:
    script = Script(results={"a": [LATE]})
    await told(prepare(script, step("a", risk=risk, retry=Retry(times=2))))
    assert len(script.calls) == n_calls


async def test_a_check_that_fails_does_not_repeat_the_action(prepare: Execute) -> None:
    script = Script(results={"a?": [BAD]})
    check = Verify(action=CommandAction(argv=("true",)))
    events = await told(prepare(script, step("a", verify=check, retry=Retry(times=3))))
    assert script.calls == ["a", "a?"]
    assert "the check afterwards failed: exit 3" in end_of(events).reason


async def test_a_check_looks_at_the_output(prepare: Execute) -> None:
    check = Verify(action=CommandAction(argv=("true",)), expect=Expect(minimum=6))
    events = await told(prepare(Script(), step("a", verify=check)))
    (verified,) = [event for event in events if isinstance(event, VerifyFinished)]
    assert (verified.ok, verified.detail) == (False, "exit 0, but 5 is less than 6")


async def test_a_step_whose_condition_does_not_hold_is_skipped_with_its_reason(
    prepare: Execute,
) -> None:
    script = Script()
    failed = Condition(step_id="a", outcome=Outcome.FAILED)
    shows = Condition(step_id="a", expect=Expect(output="out 7"))
    run = prepare(script, step("a"), step("b", when=failed), step("c", when=shows), step("d"))
    events = await told(run)
    skipped = [event for event in events if isinstance(event, StepSkipped)]
    assert [event.position for event in skipped] == [1, 2]
    assert skipped[0].reason == "only if a failed, and it is succeeded"
    assert "has no 'out 7'" in skipped[1].reason
    assert script.calls == ["a", "d"]
    assert states_of(run)["b"] == "skipped"
    assert facts_of(run, "step_skipped") == ["b", "c"]
    assert end_of(events).reason == "every step succeeded; 2 skipped"


async def test_a_skipped_step_can_be_what_another_waits_for(prepare: Execute) -> None:
    script = Script()
    no = Condition(step_id="a", outcome=Outcome.FAILED)
    then = Condition(step_id="b", outcome=Outcome.SKIPPED)
    await told(prepare(script, step("a"), step("b", when=no), step("c", when=then)))
    assert script.calls == ["a", "c"]


async def test_a_condition_on_several_items_needs_all_of_them(prepare: Execute) -> None:
    script = Script(results={"m[y]": [BAD]})
    members = items("m", "xy", continue_on_failure=True, stop_on_failure=False)
    after = step("b", when=Condition(step_id="m"))
    events = await told(prepare(script, *members, after))
    (skipped,) = [event for event in events if isinstance(event, StepSkipped)]
    assert skipped.reason == "only if m[y] succeeded, and it is failed"


async def test_a_failure_that_may_be_passed_over_is_named_at_the_end(prepare: Execute) -> None:
    script = Script(results={"a": [BAD]})
    end = end_of(await told(prepare(script, step("a", continue_on_failure=True), step("b"))))
    assert end.state is ProposalState.SUCCEEDED
    assert end.reason == (
        "the steps that count succeeded; failed, and passed over: step a (exit 3)"
    )


async def test_items_run_at_once_up_to_their_limit_and_begin_in_order(prepare: Execute) -> None:
    script = Script(pause_s=0.03)
    events = await told(prepare(script, *items("m", "vwxyz", concurrency=2)))
    begun = [event.step_id for event in events if isinstance(event, StepStarted)]
    assert begun == [f"m[{name}]" for name in "vwxyz"]
    assert script.most_at_once == 2


async def test_after_a_failed_item_no_further_one_begins_and_the_others_end(
    prepare: Execute,
) -> None:
    script = Script(results={"m[x]": [BAD]}, pause_s=0.05)
    run = prepare(script, *items("m", "xyz", concurrency=2), step("b"))
    end = end_of(await told(run))
    assert set(script.calls) == {"m[x]", "m[y]"}
    assert states_of(run) == {"m[x]": "failed", "m[y]": "succeeded"}
    assert end.not_done == ("step m[z]", "step b")


async def test_without_the_rule_every_item_runs_and_the_run_still_fails(prepare: Execute) -> None:
    script = Script(results={"m[x]": [BAD]})
    end = end_of(await told(prepare(script, *items("m", "xyz", stop_on_failure=False), step("b"))))
    assert script.calls == ["m[x]", "m[y]", "m[z]"]
    assert (end.state, end.not_done) == (ProposalState.FAILED, ("step b",))


async def test_a_person_is_asked_with_the_words_of_the_runbook(prepare: Execute) -> None:
    action = ManualAction(instructions="pull the plug", timeout_s=60)
    events = await told(prepare(Script(), step("a", action=action)))
    assert ManualAsked(step_id="a", instructions="pull the plug", within_s=60) in events


async def test_words_that_cannot_be_had_fail_nothing(prepare: Execute) -> None:
    script = Script(results={"b": [BAD]})
    explain = step("b", action=ExplainAction(of="a", question="why?"))
    end = end_of(await told(prepare(script, step("a"), explain, step("c"))))
    assert end.state is ProposalState.SUCCEEDED
    assert script.calls == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("risk", "known"),
    [(Risk.LOW, "whose effect is not known"), (Risk.READ_ONLY, "which changes nothing")],
)
async def test_a_stop_ends_the_running_step_and_says_who_and_what_is_not_known(
    prepare: Execute, risk: Risk, known: str
) -> None:
    script = Script(hangs="b")
    run = prepare(script, step("a"), step("b", risk=risk), step("c"))
    events: list[RunEvent] = []
    async with asyncio.timeout(10):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StepStarted) and event.step_id == "b":
                signal = Signal(kind=SignalKind.STOP, actor=ADA, at=NOW)
                assert run.signals.add(run.record.proposal.proposal_id, signal)
    end = end_of(events)
    assert end.state is ProposalState.FAILED
    assert f"stopped by ada during step b, {known}" in end.reason
    assert end.not_done == ("step c",)
    assert "b" in script.closed
    assert states_of(run)["b"] == "failed"


def record(position: int, step_id: str, state: StepState, **more: object) -> StepRecord:
    known = StepRecord(position=position, step_id=step_id, state=state, started_at=NOW)
    return replace(known, **more)  # pyright: ignore[reportArgumentType]


async def test_a_continued_run_repeats_nothing_that_ended(prepare: Execute) -> None:
    script = Script()
    done = (record(0, "a", StepState.SUCCEEDED), record(1, "b", StepState.SKIPPED))
    run = prepare(script, step("a"), step("b"), step("c"), done=done)
    events = await told(run)
    assert events[0] == RunResumed(n_done=2, n_steps=3)
    assert script.calls == ["c"]
    assert facts_of(run, "started") == []


async def test_a_continued_run_ends_at_a_failure_that_was_stored_before(prepare: Execute) -> None:
    script = Script()
    done = (record(0, "a", StepState.FAILED, detail="exit 3"),)
    end = end_of(await told(prepare(script, step("a"), step("b"), done=done)))
    assert script.calls == []
    assert end.reason == "step a: exit 3; not done: step b"


async def test_an_action_that_ended_before_a_restart_only_gets_its_check(prepare: Execute) -> None:
    script = Script()
    check = Verify(action=CommandAction(argv=("true",)))
    done = (record(0, "a", StepState.STARTED, detail="exit 0"),)
    run = prepare(script, step("a", verify=check), done=done)
    assert end_of(await told(run)).state is ProposalState.SUCCEEDED
    assert script.calls == ["a?"]


class BrokenRunner(Script):
    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        async for event in super().run(action, context):
            yield event
            raise KeyError("a bug")


async def test_a_runner_that_breaks_ends_the_run_and_says_so(prepare: Execute) -> None:
    run = prepare(BrokenRunner(), step("a"), step("b"))
    end = end_of(await told(run))
    assert end.state is ProposalState.FAILED
    assert end.reason.startswith("opsbot itself failed (KeyError) during step a, whose effect")
    assert end.not_done == ("step b",)

"""Waiting, asking a person and asking the model: actions that need no machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from runbooks.actions.base import ActionContext, ActionResult, Line, collect
from runbooks.actions.explain import ExplainRunner
from runbooks.actions.kinds import ExplainAction, ManualAction, WaitAction
from runbooks.actions.manual import ManualRunner
from runbooks.actions.wait import WaitRunner
from runbooks.errors import ExecutionError
from runbooks.memory_store import MemorySignals
from runbooks.proposal import ActorRef
from runbooks.signals import Signal, SignalKind

CONTEXT = ActionContext(proposal_id=7, step_id="key", earlier={"look": "disk is 97% full"})
ASK = ManualAction(instructions="turn the key", timeout_s=5)


def said(kind: SignalKind, step_id: str = "key") -> Signal:
    ada = ActorRef(team_id="T", user_id="U", name="ada")
    return Signal(kind=kind, actor=ada, at=datetime(2026, 3, 1, tzinfo=UTC), step_id=step_id)


async def test_a_wait_lasts_as_long_as_it_says() -> None:
    result = await collect(WaitRunner(), WaitAction(seconds=0.05), CONTEXT)
    assert (result.ok, result.detail) == (True, "waited 0.05 s")
    assert result.seconds >= 0.05


async def test_a_wait_can_be_cut_short() -> None:
    task = asyncio.create_task(collect(WaitRunner(), WaitAction(seconds=60), CONTEXT))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("kind", "ok", "detail"),
    [
        (SignalKind.DONE, True, "confirmed by ada"),
        (SignalKind.FAILED, False, "failed, says ada"),
    ],
)
async def test_a_person_says_how_it_went(kind: SignalKind, ok: bool, detail: str) -> None:
    signals = MemorySignals()
    runner = ManualRunner(signals, poll_interval_s=0.01)
    waiting = asyncio.create_task(collect(runner, ASK, CONTEXT))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    signals.add(7, said(SignalKind.STOP, ""))
    signals.add(7, said(SignalKind.DONE, "another"))
    signals.add(8, said(SignalKind.DONE))
    signals.add(7, said(kind))
    result = await waiting
    assert (result.ok, result.detail) == (ok, detail)


async def test_an_answer_given_before_a_restart_still_counts() -> None:
    signals = MemorySignals()
    signals.add(7, said(SignalKind.DONE))
    assert (await collect(ManualRunner(signals), ASK, CONTEXT)).ok


async def test_the_first_answer_counts() -> None:
    signals = MemorySignals()
    assert signals.add(7, said(SignalKind.FAILED))
    assert not signals.add(7, said(SignalKind.DONE))
    assert [signal.kind for signal in signals.of(7)] == [SignalKind.FAILED]


async def test_nobody_answering_is_a_clear_failure() -> None:
    action = ManualAction(instructions="turn the key", timeout_s=0.03)
    result = await collect(ManualRunner(MemorySignals(), 0.01), action, CONTEXT)
    assert not result.ok
    assert result.timed_out
    assert "nobody said within 0.03 s that it is done" in result.detail


@dataclass
class Words:
    text: str = ""
    fault: str = ""
    slow: bool = False

    async def word(self, question: str, shown: str) -> str:
        assert (question, shown) == ("why?", "disk is 97% full")
        if self.slow:
            await asyncio.sleep(60)
        if self.fault:
            raise ExecutionError(self.fault)
        return self.text


EXPLAIN = ExplainAction(of="look", question="why?", timeout_s=0.05)


async def test_words_are_shown_as_the_models_and_without_secrets() -> None:
    runner = ExplainRunner(Words("The disk is full.\npassword=hunter2hunter2"))
    events = [event async for event in runner.run(EXPLAIN, CONTEXT)]
    lines = [event.text for event in events if isinstance(event, Line)]
    assert lines[0] == "the model says: The disk is full."
    assert "hunter2" not in str(events)
    assert isinstance(events[-1], ActionResult)
    assert events[-1].ok


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (Words(fault="the model is not there"), "no explanation: the model is not there"),
        (Words(slow=True), "timed out after 0.05 s"),
    ],
)
async def test_without_words_the_reason_is_said(words: Words, detail: str) -> None:
    result = await collect(ExplainRunner(words), EXPLAIN, CONTEXT)
    assert (result.ok, result.detail) == (False, detail)


async def test_there_is_nothing_to_explain_without_output() -> None:
    action = ExplainAction(of="other", question="why?")
    result = await collect(ExplainRunner(Words("x")), action, CONTEXT)
    assert result.detail == "other showed nothing to explain"

"""Without a proposal only previews run, only those that read, and never unwritten in the trail."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from runbooks.actions.base import ActionContext, ActionEvent
from runbooks.actions.kinds import CommandAction
from runbooks.actions.local import LocalRunner
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.errors import AuditError, ProposalError
from runbooks.looks import Looks
from runbooks.planning import ProposalRequest, Site
from runbooks.proposal import ActorRef, Place
from runbooks.schema import Risk, Runbook, Step

UPTIME = CommandAction(argv=("uptime",))
TOUCH = CommandAction(argv=("touch", "/tmp/never"))


def runbook(*steps: Step) -> ProposalRequest:
    made = Runbook(
        name="demo",
        title="Demo",
        version=1,
        summary="A runbook of a test.",
        steps=steps,
        source=Path("demo.yaml"),
        digest="0" * 64,
    )
    return ProposalRequest(
        runbook=made,
        values={},
        requester=ActorRef(team_id="T1", user_id="U1", name="ada"),
        where=Place(channel_id="C1", thread_ts="1.0"),
    )


def step(step_id: str, action: CommandAction, preview: CommandAction | None = None) -> Step:
    risk = Risk.LOW if action is TOUCH else Risk.READ_ONLY
    return Step(step_id=step_id, title=step_id, risk=risk, action=action, preview=preview)


class WatchedRunner:
    def __init__(self) -> None:
        self.ran: list[tuple[str, ...]] = []
        self._runner = LocalRunner()

    async def run(self, action: Any, context: ActionContext) -> AsyncGenerator[ActionEvent, None]:
        assert context.read_only
        self.ran.append(action.argv)
        async for event in self._runner.run(action, context):
            yield event


def looks(world: Any, runner: WatchedRunner, audit: AuditTrail | None = None) -> Looks:
    return Looks(
        audit=audit or world.audit,
        policy=world.policy,
        site=Site(environment="test"),
        runner=runner,
        clock=world.clock,
    )


async def test_previews_run_and_steps_do_not(world: Any) -> None:
    runner = WatchedRunner()
    request = runbook(step("a", UPTIME), step("b", TOUCH, UPTIME))
    (seen,) = await looks(world, runner).look(request, 5)
    assert runner.ran == [("uptime",)]
    assert seen.title == "b"
    assert seen.result.ok
    assert [row.kind.value for row in world.audit.about("runbook:demo")] == ["request"]


async def test_a_preview_that_would_change_something_keeps_all_from_running(world: Any) -> None:
    runner = WatchedRunner()
    with pytest.raises(ProposalError, match="changes something"):
        await looks(world, runner).look(
            runbook(step("b", TOUCH, UPTIME), step("c", TOUCH, TOUCH)), 5
        )
    assert runner.ran == []


async def test_no_more_than_asked_for(world: Any) -> None:
    runner = WatchedRunner()
    request = runbook(*(step(name, TOUCH, UPTIME) for name in "abc"))
    assert len(await looks(world, runner).look(request, 2)) == 2


async def test_nothing_runs_when_the_trail_cannot_be_written(world: Any) -> None:
    class BrokenTrail(AuditTrail):
        def append(self, *_args: Any, **_more: Any) -> Any:
            raise AuditError("the trail cannot be written")

    runner = WatchedRunner()
    broken = BrokenTrail(None, AuditFiles(world.folder))  # pyright: ignore[reportArgumentType]
    with pytest.raises(AuditError):
        await looks(world, runner, broken).look(runbook(step("b", TOUCH, UPTIME)), 2)
    assert runner.ran == []


async def test_a_runbook_without_previews_shows_nothing(world: Any) -> None:
    runner = WatchedRunner()
    assert await looks(world, runner).look(runbook(step("a", UPTIME)), 2) == ()
    assert runner.ran == []

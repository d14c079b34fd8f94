"""Builtin runbooks on the real path: proposed, approved by another person, and executed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from runbooks.actions.base import ActionContext, ActionEvent, ActionRunner, collect
from runbooks.actions.command import CommandRunner
from runbooks.actions.kinds import (
    Action,
    CommandAction,
    DockerAction,
    KubernetesAction,
    ParameterValue,
)
from runbooks.actions.local import LocalRunner
from runbooks.binding import BoundStep
from runbooks.catalog import Catalog
from runbooks.lifecycle import ProposalState
from runbooks.proposal import Proposal
from runbooks.run_events import RunEvent, RunFinished, StepFinished, VerifyFinished
from runbooks.schema import Expect
from runbooks.targets import DockerTarget, KubernetesTarget, Targets

from ..conftest import World, WorldMaker

STUB = Path(__file__).with_name("stub.py")
TARGETS = Targets(
    by_name={
        "kubernetes": KubernetesTarget(context="test"),
        "docker": DockerTarget(host="unix:///run/docker.sock"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a stand-in answers.

    Attributes:
        line: A pattern that all words, joined by spaces, must fit.
        needs: What earlier calls must have set.
        starts: A real program, with first words, that goes on from here.
        copies: A file, and where it goes.
        signals: A process, and a signal for it.
    """

    line: str
    output: str = ""
    status: int = 0
    needs: Mapping[str, str] = field(default_factory=dict[str, str])
    sets: Mapping[str, str] = field(default_factory=dict[str, str])
    starts: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    signals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stubs:
    """A folder at the head of PATH."""

    folder: Path

    def add(self, program: str, *replies: Reply) -> None:
        """Put a stand-in there."""
        path = self.folder / program
        body = STUB.read_text(encoding="utf-8")
        path.write_text(f"#!{sys.executable}\n{body}", encoding="utf-8")
        path.chmod(0o755)
        table = [asdict(reply) for reply in replies]
        path.with_name(f"{program}.json").write_text(json.dumps(table), encoding="utf-8")

    @property
    def calls(self) -> tuple[str, ...]:
        """Every call so far that could be noted, in order: looks may be shut in and are then not."""
        file = self.folder / "calls.txt"
        return tuple(file.read_text(encoding="utf-8").splitlines()) if file.exists() else ()


@pytest.fixture
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    folder = tmp_path / "stubs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Stubs(folder=folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRunner:
    """Runs kubectl or docker as what they are here: programs found on PATH."""

    commands: CommandRunner = field(default_factory=CommandRunner)

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        if not isinstance(action, KubernetesAction | DockerAction):
            raise TypeError(f"no client's action: {action}")
        program = "kubectl" if isinstance(action, KubernetesAction) else "docker"
        command = CommandAction(argv=(program, *action.argv), timeout_s=action.timeout_s)
        async for event in self.commands.run(command, context):
            yield event


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run of a builtin runbook, from proposal to end."""

    proposal: Proposal
    events: tuple[RunEvent, ...]

    @property
    def finished(self) -> RunFinished:
        last = self.events[-1]
        assert isinstance(last, RunFinished)
        return last

    @property
    def outputs(self) -> dict[str, str]:
        """Step -> what it showed."""
        return {e.step_id: e.output for e in self.events if isinstance(e, StepFinished)}

    @property
    def details(self) -> dict[str, str]:
        """Step -> how it ended."""
        return {e.step_id: e.detail for e in self.events if isinstance(e, StepFinished)}

    @property
    def verified(self) -> dict[str, bool]:
        """Step -> whether its check held."""
        return {e.step_id: e.ok for e in self.events if isinstance(e, VerifyFinished)}

    @property
    def previews(self) -> dict[str, str]:
        """Step -> what its preview showed on the card."""
        return {p.step_id: p.output for p in self.proposal.plan.previews}

    def step(self, step_id: str) -> BoundStep:
        """A step as it was approved."""
        return next(s for s in self.proposal.plan.steps if s.step_id == step_id)

    def succeeded(self) -> Ran:
        """Fail with what happened unless the run ended well and every preview could be had."""
        told = (self.finished.reason, self.details, self.outputs)
        assert self.finished.state is ProposalState.SUCCEEDED, told
        assert all(p.ok for p in self.proposal.plan.previews), self.proposal.plan.previews
        return self


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.load()


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Takes builtin runbooks through the world."""

    world: World
    catalog: Catalog
    runner: ActionRunner

    async def run(self, runbook: str, /, **values: ParameterValue) -> Ran:
        """Propose as ada, approve as bob and where needed as cleo, execute."""
        proposal = await self.world.propose_runbook(self.catalog.get(runbook), values)
        for approver in ("bob", "cleo")[: proposal.plan.n_approvals]:
            await self.world.approve(proposal, approver)
        return Ran(proposal=proposal, events=tuple(await self.world.run(proposal)))

    async def propose(self, runbook: str, /, **values: ParameterValue) -> Ran:
        """Propose only: the previews have run, and nothing else."""
        proposal = await self.world.propose_runbook(self.catalog.get(runbook), values)
        return Ran(proposal=proposal, events=())

    async def look(self, action: Action) -> str:
        """What an action without placeholders shows, however it ends."""
        assert isinstance(action, CommandAction)
        context = ActionContext(executables=_found(action))
        return (await collect(self.runner, action, context)).output

    async def shows(self, ran: Ran, action: Action | None) -> str:
        """Run one more action of an approved runbook; it must end well."""
        assert action is not None
        context = ActionContext(executables=_programs(action, ran))
        result = await collect(self.runner, action, context)
        assert result.ok, (result.detail, result.output)
        return result.output

    async def checks(self, ran: Ran, step_id: str) -> bool:
        """Whether a step's check holds now, its expectations included."""
        verify = ran.step(step_id).verify
        assert verify is not None
        context = ActionContext(executables=ran.proposal.plan.executables)
        result = await collect(self.runner, verify.action, context)
        return result.ok and (verify.expect is None or holds(verify.expect, result.output))


def _programs(action: Action, ran: Ran) -> Mapping[str, str]:
    """A rollback's program is not bound by the approval of the step itself."""
    return {**ran.proposal.plan.executables, **_found(action)}


def _found(action: Action) -> Mapping[str, str]:
    if not isinstance(action, CommandAction):
        return {}
    found = shutil.which(action.argv[0])
    assert found is not None
    return {action.argv[0]: found}


def holds(expect: Expect, output: str) -> bool:
    """Whether an output is what a runbook expects."""
    number = re.search(r"(?<![\w.])[-+]?\d+(\.\d+)?", output)
    value = float(number.group()) if number else float("nan")
    return (
        (expect.output is None or re.search(expect.output, output, re.MULTILINE) is not None)
        and (expect.absent is None or re.search(expect.absent, output, re.MULTILINE) is None)
        and (expect.minimum is None or value >= expect.minimum)
        and (expect.maximum is None or value <= expect.maximum)
    )


@pytest.fixture
def book(make_world: WorldMaker, catalog: Catalog) -> Book:
    clients: dict[type, ActionRunner] = {
        KubernetesAction: ClientRunner(),
        DockerAction: ClientRunner(),
    }
    world = make_world(targets=TARGETS, runners=clients)
    return Book(world=world, catalog=catalog, runner=LocalRunner(clients))


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip where a program is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")

"""A program: runs proposals in child processes, kills them at a chosen write, and recovers.

Usage: crash_lab.py FOLDER. Prints one JSON line for each trial. It has no threads of its own, so that
it can fork; every run and every recovery is a process of its own, with a database of its trial.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot.store.audit import SqlAudit
from bot.store.engine import open_database
from bot.store.proposals import SqlProposals
from bot.store.run_signals import SqlSignals
from runbooks.actions.command import CommandRunner
from runbooks.actions.kinds import Action, CommandAction, ManualAction
from runbooks.actions.local import LocalRunner
from runbooks.actions.manual import ManualRunner
from runbooks.actions.sandbox import Sandbox
from runbooks.approvals import Approvals
from runbooks.audit import AuditTrail
from runbooks.audit_files import AuditFiles
from runbooks.control import RunControl
from runbooks.executor import Executor
from runbooks.launch import LaunchCheck
from runbooks.planning import ProposalRequest, Site
from runbooks.policy import AccountKind, Policy
from runbooks.proposal import ActorRef, Place
from runbooks.run_events import ManualAsked, RunEvent
from runbooks.schema import Matrix, Risk, Runbook, Step, Verify

ADA = ActorRef(team_id="T", user_id="U-ada", name="ada")
BOB = ActorRef(team_id="T", user_id="U-bob", name="bob")
APPEND = "import sys; f = open(sys.argv[1], 'a'); f.write(sys.argv[2]); f.close()"
MURDER = f"import os, sys; first = not os.path.exists(sys.argv[1]); {APPEND}; first and os.kill(os.getppid(), 9)"
N_SEQUENTIAL_WRITES = 11
N_WRITES = 25


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run that is killed.

    Attributes:
        kill_at: Before which write of the run, counted from 0; None: the action kills it.
    """

    name: str
    kill_at: int | None
    risk: Risk = Risk.LOW
    n_recoverers: int = 1
    manual: bool = False


@dataclass
class Switch:
    """Counts writes and kills this process before one of them."""

    kill_at: int | None
    n: int = 0

    def count(self) -> None:
        if self.n == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.n += 1


@dataclass
class Deadly:
    """Stands for a store; some of its methods are writes."""

    real: Any
    switch: Switch
    writes: tuple[str, ...]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.real, name)
        if name not in self.writes:
            return method

        def counted(*arguments: Any) -> Any:
            self.switch.count()
            return method(*arguments)

        return counted


class Everybody:
    async def kind_of(self, actor: ActorRef) -> AccountKind:
        return AccountKind.MEMBER


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Bench:
    """Everything over the database of one trial."""

    folder: Path
    switch: Switch = field(default_factory=lambda: Switch(None))

    def __post_init__(self) -> None:
        engine = open_database(f"sqlite:///{self.folder / 'opsbot.db'}")
        signals = SqlSignals(engine)
        store: Any = SqlProposals(engine)
        trail: Any = AuditTrail(SqlAudit(engine), AuditFiles(self.folder))
        policy = Policy(approvers=frozenset({BOB.account}))
        # The steps that count as reading write their marks all the same, so nothing is shut in.
        command = CommandRunner(sandbox=Sandbox)
        runner = LocalRunner({ManualAction: ManualRunner(signals, 0.02), CommandAction: command})
        site = Site(environment="test")
        self.approvals = Approvals(
            store=store,
            audit=trail,
            policy=policy,
            site=site,
            runner=runner,
            clock=now,
        )
        self.control = RunControl(
            store=store, signals=signals, audit=trail, policy=policy, clock=now
        )
        self.trail: AuditTrail = trail
        self.executor = Executor(
            store=Deadly(store, self.switch, ("move", "save_step")),  # pyright: ignore[reportArgumentType]
            audit=Deadly(trail, self.switch, ("append",)),  # pyright: ignore[reportArgumentType]
            check=LaunchCheck(audit=trail, policy=policy, directory=Everybody(), site=site),
            runner=runner,
            clock=now,
            signals=signals,
            poll_interval_s=0.02,
        )


def append(folder: Path, letter: str, code: str = APPEND) -> CommandAction:
    return CommandAction(
        argv=(sys.executable, "-I", "-S", "-c", code, str(folder / "mark"), letter)
    )


def steps(trial: Trial, folder: Path) -> tuple[Step, ...]:
    def step(step_id: str, action: Action, **more: Any) -> Step:
        return Step(step_id=step_id, title=step_id, risk=trial.risk, action=action, **more)

    first = append(folder, "a", MURDER if trial.kill_at is None else APPEND)
    check = Verify(action=CommandAction(argv=("true",)), within_s=5)
    if trial.manual:
        asked = ManualAction(instructions="turn the key", timeout_s=20)
        return (step("a", append(folder, "a")), step("key", asked), step("b", append(folder, "b")))
    return (
        step("a", first, verify=check),
        step("b", append(folder, "b")),
        step("c", append(folder, "{{ item }}"), matrix=Matrix(over=("x,y,z",), concurrency=2)),
    )


async def run(trial: Trial, folder: Path) -> None:
    switch = Switch(trial.kill_at)
    bench = Bench(folder, switch)
    runbook = Runbook(
        name="demo",
        title="Demo",
        version=1,
        summary="A runbook of a test.",
        steps=steps(trial, folder),
        source=Path("demo.yaml"),
        digest="0" * 64,
    )
    place = Place(channel_id="", thread_ts="")
    request = ProposalRequest(runbook=runbook, values={}, requester=ADA, where=place)
    proposal = await bench.approvals.propose(request)
    await bench.approvals.approve(proposal.proposal_id, BOB, AccountKind.MEMBER)
    async for event in bench.executor.run(proposal.proposal_id):
        if trial.manual and isinstance(event, ManualAsked):
            os.kill(os.getpid(), signal.SIGKILL)


async def recover(folder: Path) -> dict[str, object]:
    bench = Bench(folder)
    unknown = await bench.executor.recover()
    events: list[RunEvent] = []
    for proposal_id in await bench.executor.approved():
        events += [event async for event in bench.executor.run(proposal_id)]
    for proposal_id in await bench.executor.resumable():
        async for event in bench.executor.resume(proposal_id):
            events.append(event)
            if isinstance(event, ManualAsked):
                await bench.control.confirm(1, "key", BOB, AccountKind.MEMBER, ok=True)
    case = await bench.approvals.get(1)
    rows = [str(entry.facts.get("event")) for entry in bench.trail.about("proposal:1")]
    return {
        "state": case.state.value,
        "reason": case.reason,
        "unknown": unknown,
        "events": [type(event).__name__ for event in events],
        "resumed": rows.count("resumed"),
        "intact": bench.trail.verify().intact,
    }


def write_down(folder: Path, result: Path) -> None:
    result.write_text(json.dumps(asyncio.run(recover(folder))))


def in_child(work: Callable[[], None]) -> int:
    """Start the work in a process of its own; gives its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - the parent sees the status
        traceback.print_exc()
    finally:
        os._exit(status)


def trials() -> list[Trial]:
    swept = [Trial(name=f"write-{n}", kill_at=n) for n in range(N_WRITES)]
    return [
        *swept,
        Trial(name="in-action", kill_at=None),
        Trial(name="in-action-read-only", kill_at=None, risk=Risk.READ_ONLY),
        Trial(name="two-at-once", kill_at=7, n_recoverers=2),
        Trial(name="two-at-once-in-matrix", kill_at=16, risk=Risk.READ_ONLY, n_recoverers=2),
        Trial(name="manual", kill_at=10_000, manual=True),
    ]


def conduct(trial: Trial, root: Path) -> dict[str, object]:
    folder = root / trial.name
    folder.mkdir()
    _, status = os.waitpid(in_child(lambda: asyncio.run(run(trial, folder))), 0)
    results = [folder / f"result-{n}.json" for n in range(trial.n_recoverers)]
    children = [in_child(partial(write_down, folder, result)) for result in results]
    for child in children:
        os.waitpid(child, 0)
    mark = folder / "mark"
    return {
        "name": trial.name,
        "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        "mark": mark.read_text() if mark.exists() else "",
        "recovered": [json.loads(result.read_text()) for result in results],
    }


def main() -> None:
    root = Path(sys.argv[1])
    for trial in trials():
        print(json.dumps(conduct(trial, root)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

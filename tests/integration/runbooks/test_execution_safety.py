"""What a run does to this machine and to its records, with real processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import psutil
import pytest

from runbooks.actions.kinds import CommandAction, HttpAction
from runbooks.errors import ProposalError
from runbooks.lifecycle import ProposalState
from runbooks.policy import AccountKind
from runbooks.proposal import Proposal
from runbooks.run_events import OutputLine, RunFinished, StepFinished, StepStarted, VerifyFinished
from runbooks.schema import Step, Verify
from runbooks.store import AuditKind, StepRecord, StepState

from .conftest import World, WorldMaker, person, python, step

APPEND = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
FORKS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c",
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import signal, time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)']);"
    "print(p.pid, flush=True); time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


async def approved(world: World, *steps: Step) -> Proposal:
    proposal = await world.propose(*steps)
    assert (await world.approve(proposal, "bob")).launch
    return proposal


def alive(pids: list[int]) -> list[int]:
    found: list[int] = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


async def gone(pids: list[int]) -> bool:
    """Whether all of them end within seconds: the kernel takes a moment after the kill."""

    def wait() -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for pid in alive(pids):
                psutil.Process(pid).wait(timeout=5)

    await asyncio.to_thread(wait)
    return not alive(pids)


def pids_in(lines: list[str]) -> list[int]:
    return [int(word) for line in lines for word in line.split()]


async def test_a_run_tells_every_step_and_ends_once(world: World) -> None:
    check = Verify(action=CommandAction(argv=("true",)), within_s=2)
    proposal = await approved(world, step("a", python("print('one\\ntwo')"), verify=check))
    events = await world.run(proposal)
    assert [type(event) for event in events] == [
        StepStarted,
        OutputLine,
        OutputLine,
        StepFinished,
        VerifyFinished,
        RunFinished,
    ]
    (done,) = (await world.approvals.get(proposal.proposal_id)).steps
    assert (done.state, done.output, done.verified) == (StepState.SUCCEEDED, "one\ntwo", True)


async def test_a_finished_run_never_runs_again(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    proposal = await approved(world, step("a", python(APPEND, str(mark), "x")))
    await world.run(proposal)
    (again,) = await world.run(proposal)
    assert isinstance(again, RunFinished)
    assert again.reason.startswith("already succeeded")
    assert mark.read_text() == "x"


async def test_a_database_that_says_it_never_ran_does_not_make_it_run_again(
    world: World, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    proposal = await approved(world, step("a", python(APPEND, str(mark), "x")))
    await world.run(proposal)
    world.sql("UPDATE proposals SET state = 'approved'")
    world.sql("DELETE FROM run_steps")
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "one approval runs once" in end.reason
    assert mark.read_text() == "x"


@pytest.mark.parametrize(
    ("event", "why"), [("finished", "this run is over"), ("step_finished", "a ended")]
)
async def test_a_database_that_forgot_what_ran_does_not_make_a_run_go_on(
    world: World, tmp_path: Path, event: str, why: str
) -> None:
    mark = tmp_path / "mark"
    proposal = await approved(world, step("a", python(APPEND, str(mark), "x")))
    subject, facts = f"proposal:{proposal.proposal_id}", {"event": event, "step": "a"}
    world.audit.append(AuditKind.RUN, subject, world.clock(), None, facts)
    gone = f"{os.uname()[1]}/999999999/1.00"
    world.sql("UPDATE proposals SET state = 'running', runner = :gone", {"gone": gone})
    end = [event async for event in world.executor.resume(proposal.proposal_id)][-1]
    assert isinstance(end, RunFinished)
    assert end.state is ProposalState.FAILED
    assert why in end.reason
    assert not mark.exists()


async def test_a_clock_that_was_set_back_lengthens_no_approval(
    world: World, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    early = await world.propose(step("a", python(APPEND, str(mark), "x")))
    late = await approved(world, step("a", python(APPEND, str(mark), "x")))
    world.clock.advance(-3600)
    assert "set back" in (await world.approve(early, "bob")).reason
    end = await world.finish(late)
    assert end.state is ProposalState.REJECTED
    assert "set back" in end.reason
    assert not mark.exists()


async def test_a_clock_set_back_since_the_approval_runs_nothing(world: World) -> None:
    proposal = await world.propose(step("a", python("")))
    world.clock.advance(600)
    await world.approve(proposal, "bob")
    world.clock.advance(-500)
    assert "it was set back" in (await world.finish(proposal)).reason


async def test_the_first_failure_stops_the_rest_and_names_it(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    proposal = await approved(
        world,
        step("a", python(APPEND, str(mark), "a")),
        step("b", python("raise SystemExit(3)")),
        step("c", python(APPEND, str(mark), "c")),
    )
    end = await world.finish(proposal)
    assert end.state is ProposalState.FAILED
    assert end.not_done == ("step c",)
    assert end.reason == "step b: exit 3; not done: step c"
    assert mark.read_text() == "a"


async def test_a_check_is_tried_until_it_holds(world: World, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = "import pathlib, sys; sys.exit(not pathlib.Path(sys.argv[1]).exists())"
    check = Verify(action=python(code, str(flag)), within_s=20)
    proposal = await approved(world, step("a", CommandAction(argv=("true",)), verify=check))
    ends: list[ProposalState] = []
    async for event in world.executor.run(proposal.proposal_id):
        if isinstance(event, StepFinished):
            asyncio.get_running_loop().call_later(0.5, flag.touch)
        if isinstance(event, RunFinished):
            ends.append(event.state)
    assert ends == [ProposalState.SUCCEEDED]


async def test_a_check_that_never_holds_fails_the_run(world: World) -> None:
    check = Verify(action=HttpAction(url="http://127.0.0.1:9/"), within_s=0.05)
    proposal = await approved(world, step("a", CommandAction(argv=("true",)), verify=check))
    end = await world.finish(proposal)
    assert end.state is ProposalState.FAILED
    assert "the check afterwards failed" in end.reason


async def test_a_program_put_first_on_path_after_the_proposal_is_not_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = await approved(world, step("a", CommandAction(argv=("uname",))))
    fake = tmp_path / "uname"
    fake.write_text("#!/bin/sh\necho hijacked\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    lines = [event.text for event in await world.run(proposal) if isinstance(event, OutputLine)]
    assert lines == ["Linux"] or lines == ["Darwin"]


async def test_a_program_that_is_not_installed_is_no_proposal(world: World) -> None:
    with pytest.raises(ProposalError, match="is not installed on this machine"):
        await world.propose(step("a", CommandAction(argv=("no-such-program-here",))))


async def test_a_program_sees_no_environment_of_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "held-by-the-bot")
    monkeypatch.setenv("LD_PRELOAD", "")
    code = "import os; print(sorted(os.environ)); print(os.getcwd() == os.environ['HOME'])"
    action = CommandAction(argv=(sys.executable, "-c", code), env={"MODE": "x"})
    proposal = await approved(world, step("a", action))
    lines = [event.text for event in await world.run(proposal) if isinstance(event, OutputLine)]
    assert lines == [str(["HOME", "LANG", "MODE", "PATH", "TMPDIR"]), "True"]
    assert proposal.plan.environment_names == ("HOME", "LANG", "MODE", "PATH", "TMPDIR")


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "OPSBOT_HOME", "PATH", "LD_PRELOAD"])
async def test_a_step_cannot_set_names_that_lead_astray(world: World, name: str) -> None:
    action = CommandAction(argv=("true",), env={name: "x"})
    with pytest.raises(ProposalError, match=name):
        await world.propose(step("a", action))


async def test_a_secret_is_redacted_everywhere_but_bound_by_the_hash(world: World) -> None:
    secret = "postgres://app:hunter2hunter2@db/orders"
    action = CommandAction(argv=("echo", secret))
    proposal = await approved(world, step("a", action, preview=action))
    other = await world.propose(step("a", CommandAction(argv=("echo", secret + "x"))))
    assert proposal.sha256 != other.sha256
    events = await world.run(proposal)
    (done,) = (await world.approvals.get(proposal.proposal_id)).steps
    shown = f"{proposal.plan.previews}{events}{done}{list(world.audit.export())}"
    assert "hunter2hunter2" not in shown
    assert isinstance(events[-1], RunFinished)
    assert events[-1].state is ProposalState.SUCCEEDED


async def test_a_timeout_kills_the_whole_family(world: World) -> None:
    proposal = await approved(world, step("a", python(FORKS, timeout_s=1.0)))
    events = await world.run(proposal)
    pids = pids_in([event.text for event in events if isinstance(event, OutputLine)])
    assert len(pids) == 3
    assert await gone(pids)
    assert isinstance(events[-1], RunFinished)
    assert "timed out after 1 s" in events[-1].reason


TWICE_FORKED = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(60)
"""


async def test_a_daemon_that_left_its_session_and_its_parent_ends_with_the_run(
    world: World,
) -> None:
    proposal = await approved(world, step("a", python(TWICE_FORKED, timeout_s=1.0)))
    events = await world.run(proposal)
    pids = pids_in([event.text for event in events if isinstance(event, OutputLine)])
    assert len(pids) == 1
    assert await gone(pids)


async def test_cancelling_the_reader_kills_the_family_and_says_stopped(world: World) -> None:
    proposal = await approved(world, step("a", python(FORKS)), step("b", python("print()")))
    lines: list[str] = []
    all_there = asyncio.Event()

    async def follow() -> None:
        async with contextlib.aclosing(world.executor.run(proposal.proposal_id)) as events:
            async for event in events:
                if isinstance(event, OutputLine):
                    lines.append(event.text)
                if len(lines) == 2:
                    all_there.set()

    task = asyncio.create_task(follow())
    async with asyncio.timeout(10):
        await all_there.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(pids_in(lines))
    case = await world.approvals.get(proposal.proposal_id)
    assert case.state is ProposalState.FAILED
    assert "stopped before its end" in case.reason
    assert "not done: step b" in case.reason


async def test_endless_output_is_cut_in_the_middle_and_says_so(world: World) -> None:
    proposal = await approved(world, step("a", python("for n in range(5000): print(n)")))
    await world.run(proposal)
    (done,) = (await world.approvals.get(proposal.proposal_id)).steps
    assert done.output.startswith("0\n1\n")
    assert done.output.endswith("4998\n4999")
    assert "4800 lines cut" in done.output


async def test_without_its_audit_row_a_run_executes_nothing(world: World, tmp_path: Path) -> None:
    proposal = await approved(world, step("a", python(APPEND, str(tmp_path / "mark"), "x")))
    world.sql(
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    end = await world.finish(proposal)
    assert end.state is ProposalState.FAILED
    assert "disk is full" in end.reason
    assert "nothing was executed" in end.reason
    assert not (tmp_path / "mark").exists()


async def test_an_audit_row_lost_between_steps_stops_before_the_next(
    world: World, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    proposal = await approved(
        world,
        step("a", python(APPEND, str(mark), "a")),
        step("b", python(APPEND, str(mark), "b")),
    )
    world.sql(
        "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.facts LIKE '%step_started%\"b\"%'"
        " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    end = await world.finish(proposal)
    assert end.not_done == ("step b",)
    assert mark.read_text() == "a"


async def test_every_side_effect_has_its_row_before_it_happens(
    world: World, tmp_path: Path
) -> None:
    database = tmp_path / "opsbot.db"
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "print(c.execute(\"select count(*) from audit where facts like '%step_started%'\")"
        ".fetchone()[0]); c.close()"
    )
    proposal = await approved(world, step("a", python(code, str(database))))
    lines = [event.text for event in await world.run(proposal) if isinstance(event, OutputLine)]
    assert lines == ["1"]


async def test_a_run_whose_process_died_becomes_unknown_and_is_not_repeated(
    make_world: WorldMaker, tmp_path: Path
) -> None:
    world, mark = make_world(), tmp_path / "mark"
    proposal = await approved(world, step("a", python(APPEND, str(mark), "x")))
    begun = StepRecord(position=0, step_id="a", state=StepState.STARTED, started_at=world.clock())
    world.store.save_step(proposal.proposal_id, begun)
    world.sql("UPDATE proposals SET state = 'running', runner = 'here/999999999/1.00'")
    world.sql("UPDATE proposals SET runner = replace(runner, 'here', :h)", {"h": os.uname()[1]})
    after = make_world()
    assert await after.executor.recover() == (proposal.proposal_id,)
    case = await after.approvals.get(proposal.proposal_id)
    assert case.state is ProposalState.UNKNOWN
    assert "look before you repeat it" in case.reason
    assert (await after.finish(proposal)).state is ProposalState.UNKNOWN
    assert not mark.exists()


async def test_recovery_leaves_a_run_of_a_living_process_alone(world: World) -> None:
    proposal = await approved(world, step("a", python("input()")))
    async with contextlib.aclosing(world.executor.run(proposal.proposal_id)) as events:
        await anext(events)
        assert await world.executor.recover() == ()


class CrashError(BaseException):
    """The process ends here, as far as the executor can tell."""


@pytest.mark.parametrize("n_writes", range(6))
async def test_after_a_crash_at_any_boundary_no_step_runs_twice(
    make_world: WorldMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_writes: int
) -> None:
    world, mark = make_world(), tmp_path / "mark"
    proposal = await approved(
        world,
        step("a", python(APPEND, str(mark), "a")),
        step("b", python(APPEND, str(mark), "b")),
    )
    append, left = world.audit.append, n_writes

    def dies(*arguments: object, **named: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise CrashError
        return append(*arguments, **named)  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as dying, pytest.raises(CrashError):
        dying.setattr(world.audit, "append", dies)
        dying.setattr("runbooks.run_record.RunRecord.finish", dies)
        await world.run(proposal)
    after = make_world()
    after.sql("UPDATE proposals SET runner = :r", {"r": f"{os.uname()[1]}/999999999/1.00"})
    assert await after.executor.recover() == ()
    assert (await after.finish(proposal)).state is ProposalState.RUNNING
    end = [event async for event in after.executor.resume(proposal.proposal_id)][-1]
    assert isinstance(end, RunFinished)
    assert end.state is ProposalState.SUCCEEDED
    assert mark.read_text() == "ab"


async def test_a_record_of_another_machine_does_not_run_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = await approved(world, step("a", CommandAction(argv=("true",))))
    monkeypatch.setattr("runbooks.launch.run_as", lambda: "root@elsewhere")
    end = await world.finish(proposal)
    assert end.state is ProposalState.REJECTED
    assert "root@elsewhere" in end.reason


async def test_a_failed_preview_is_shown_and_stops_nothing(world: World) -> None:
    preview = python("print('looking'); raise SystemExit(4)")
    proposal = await world.propose(step("a", CommandAction(argv=("true",)), preview=preview))
    (shown,) = proposal.plan.previews
    assert (shown.ok, shown.output) == (False, "looking")
    assert shown.detail.removesuffix(", sandboxed") == "exit 4"


async def test_the_request_of_a_preview_is_in_the_trail_before_it_runs(world: World) -> None:
    world.sql("DELETE FROM audit")
    await world.propose(step("a", CommandAction(argv=("true",))), requester="ada")
    (asked,) = world.audit.about("runbook:demo")
    assert asked.kind is AuditKind.REQUEST
    assert asked.actor == person("ada")


async def test_a_preview_can_be_repeated_only_while_the_proposal_waits(world: World) -> None:
    preview = CommandAction(argv=("echo", "now"))
    proposal = await world.propose(step("a", CommandAction(argv=("true",)), preview=preview))
    (shown,) = await world.approvals.preview(
        proposal.proposal_id, person("ada"), AccountKind.MEMBER
    )
    assert shown.output == "now"
    world.clock.advance(900)
    with pytest.raises(ProposalError, match="expired, not run"):
        await world.approvals.preview(proposal.proposal_id, person("ada"), AccountKind.MEMBER)


@pytest.mark.parametrize("kind", [AccountKind.GUEST, AccountKind.EXTERNAL, AccountKind.BOT])
async def test_only_members_have_a_preview_run_again_and_the_trail_names_them(
    world: World, kind: AccountKind
) -> None:
    proposal = await world.propose(step("a", python(""), preview=python("print('look')")))
    with pytest.raises(ProposalError, match=f"a {kind} account runs nothing"):
        await world.approvals.preview(proposal.proposal_id, person("eve"), kind)
    await world.approvals.preview(proposal.proposal_id, person("ada"), AccountKind.MEMBER)
    asked = world.audit.about(f"proposal:{proposal.proposal_id}")[-1]
    assert (asked.actor, asked.facts) == (person("ada"), {"preview": "again"})

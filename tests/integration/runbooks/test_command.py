"""Programs one at a time: what they get, what they may use, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import sys

from runbooks.actions.base import ActionContext, ActionResult, Line, collect
from runbooks.actions.command import CommandLimits, CommandRunner
from runbooks.actions.kinds import CommandAction

CONTEXT = ActionContext(executables={"python": sys.executable, "gone": "/no/such/program"})


async def run(*argv: str, limits: CommandLimits | None = None) -> ActionResult:
    return await collect(CommandRunner(limits), CommandAction(argv=argv, timeout_s=20), CONTEXT)


async def test_arguments_reach_the_program_as_they_are() -> None:
    code = "import sys; print(sys.argv[1:])"
    result = await run("python", "-c", code, "a b", "$(id)", "*", ";", "")
    assert result.output == str(["a b", "$(id)", "*", ";", ""])
    assert (result.ok, result.exit_status, result.detail) == (True, 0, "exit 0")


async def test_standard_input_is_closed() -> None:
    assert (await run("python", "-c", "import sys; print(repr(sys.stdin.read()))")).output == "''"


async def test_a_program_without_its_bound_path_does_not_start() -> None:
    result = await run("ls")
    assert not result.ok
    assert "no absolute path" in result.detail


async def test_a_program_that_is_gone_says_so() -> None:
    result = await run("gone")
    assert not result.ok
    assert "cannot be started: No such file" in result.output


async def test_memory_is_limited() -> None:
    limits = CommandLimits(memory_bytes=256 * 1024**2)
    result = await run("python", "-c", "x = bytearray(1 << 30)", limits=limits)
    assert not result.ok
    assert "MemoryError" in result.output


async def test_processor_time_is_limited() -> None:
    result = await run("python", "-c", "while True: pass", limits=CommandLimits(cpu_s=1))
    assert not result.ok
    assert result.detail.startswith("killed by SIG")


async def test_a_grandchild_that_keeps_the_pipe_does_not_keep_the_run() -> None:
    code = (
        "import subprocess, sys;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('done')"
    )
    async with asyncio.timeout(10):
        result = await run("python", "-c", code)
    assert (result.ok, result.output) == (True, "done")


async def test_lines_come_while_the_program_runs() -> None:
    code = "import time; print('first', flush=True); time.sleep(60)"
    action = CommandAction(argv=("python", "-c", code))
    events = CommandRunner(CommandLimits(grace_s=0.2)).run(action, CONTEXT)
    async with asyncio.timeout(10):
        assert await anext(events) == Line(text="first")
        await events.aclose()

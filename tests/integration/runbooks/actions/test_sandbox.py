"""Programs that were declared to change nothing, where bubblewrap works; and where it does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runbooks.actions.base import ActionContext, ActionResult, collect
from runbooks.actions.command import CommandRunner
from runbooks.actions.kinds import CommandAction
from runbooks.actions.sandbox import Sandbox, find_sandbox

PROGRAMS = {"python": sys.executable, "cat": "/bin/cat", "env": "/usr/bin/env"}


async def run(*argv: str, runner: CommandRunner | None = None) -> ActionResult:
    context = ActionContext(executables=PROGRAMS, read_only=True)
    return await collect(runner or CommandRunner(), CommandAction(argv=argv), context)


@pytest.fixture
def working() -> None:
    if find_sandbox().fault:
        pytest.skip(find_sandbox().fault)


@pytest.mark.usefixtures("working")
async def test_no_file_can_be_written(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.write_text("before")
    code = f"open({str(mark)!r}, 'w').write('after')"
    result = await run("python", "-c", code)
    assert not result.ok
    assert "Read-only file system" in result.output
    assert result.detail == "exit 1, sandboxed"
    assert mark.read_text() == "before"


@pytest.mark.usefixtures("working")
async def test_files_are_read_and_the_own_folder_is_written() -> None:
    code = (
        "import os, pathlib, tempfile; f = tempfile.NamedTemporaryFile(); f.write(b'x');"
        "print(f.name.startswith(os.environ['HOME']), pathlib.Path('/etc/passwd').exists())"
    )
    assert (await run("python", "-c", code)).output == "True True"


@pytest.mark.usefixtures("working")
async def test_what_only_looks_at_files_has_no_network() -> None:
    with_network = await run("python", "-c", "print(open('/proc/net/dev').read())")
    without = await run("cat", "/proc/self/net/dev")
    assert without.ok
    assert len(without.output.splitlines()) <= len(with_network.output.splitlines())
    assert [line.split(":")[0].strip() for line in without.output.splitlines()[2:]] == ["lo"]


@pytest.mark.usefixtures("working")
async def test_a_shut_in_program_is_ended_too() -> None:
    context = ActionContext(executables=PROGRAMS, read_only=True)
    action = CommandAction(argv=("python", "-c", "import time; time.sleep(60)"), timeout_s=1)
    result = await collect(CommandRunner(), action, context)
    assert result.detail == "timed out after 1 s, killed, sandboxed"


async def test_without_bubblewrap_it_runs_and_does_not_claim_otherwise() -> None:
    runner = CommandRunner(sandbox=lambda: Sandbox(fault="not here"))
    result = await run("python", "-c", "print('ran')", runner=runner)
    assert (result.ok, result.output, result.detail) == (True, "ran", "exit 0")


def test_a_program_that_would_answer_wrongly_inside_is_left_outside() -> None:
    sandbox = Sandbox(program="/usr/bin/bwrap")
    assert not sandbox.can_hold("/usr/sbin/nginx")
    assert sandbox.can_hold("/usr/bin/df")
    assert not Sandbox(fault="not installed").can_hold("/usr/bin/df")


def test_a_program_that_only_looks_reaches_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbooks.actions.sandbox._SOCKETS", ("/etc/passwd", "/not/there"))
    sandbox = Sandbox(program="/usr/bin/bwrap")
    words = sandbox.wrap(("/bin/cat", "/etc/passwd"), "/var/empty")
    assert words[words.index("/etc/passwd") - 2 :][:3] == ("--ro-bind", "/dev/null", "/etc/passwd")
    assert "/not/there" not in words
    assert "/etc/passwd" not in sandbox.wrap(("/usr/bin/docker", "ps"), "/var/empty")


@pytest.mark.usefixtures("working")
async def test_what_lies_behind_a_hidden_socket_is_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = tmp_path / "door"
    door.write_text("open")
    monkeypatch.setattr("runbooks.actions.sandbox._SOCKETS", (str(door),))
    result = await run("cat", str(door))
    assert "sandboxed" in result.detail
    assert "open" not in result.output

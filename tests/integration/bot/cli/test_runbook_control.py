"""A run in one process, told from another: confirm, stop, and continue after a kill."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
RUNBOOK = """
name: turn-the-key
title: Turn the key
version: 1
summary: A person turns a key, then a word is said.
steps:
  - id: key
    title: Turn the key
    risk: low
    timeout_s: 60
    run: {manual: {instructions: turn the key}}
  - id: say
    title: Say it
    risk: low
    run: {argv: [echo, turned]}
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "key.yaml").write_text(RUNBOOK)
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OPSBOT_HOME": str(tmp_path / "home"),
        "OPSBOT_RUNBOOKS__FOLDERS": json.dumps([str(folder)]),
        "OPSBOT_RUNBOOKS__APPROVERS": json.dumps([f"local:{getpass.getuser()}"]),
        "OPSBOT_RUNBOOKS__ALLOW_SELF_APPROVAL": "true",
    }


@pytest.fixture
def call(environment: dict[str, str]) -> Call:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", "runbook", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@contextmanager
def asking(environment: dict[str, str], *arguments: str) -> Generator[subprocess.Popen[str]]:
    """A process whose run waits for a person; it is gone when this is left."""
    command = [sys.executable, "-um", "bot", "runbook", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = process.stdout or iter(())
            assert any("please do: turn the key" in line for line in lines)
            yield process
        finally:
            process.kill()


def test_an_answer_from_another_process_lets_the_run_go_on(
    call: Call, environment: dict[str, str]
) -> None:
    assert call("run", "turn-the-key").returncode == 0
    with asking(environment, "approve", "1") as running:
        assert call("confirm", "1", "say").returncode == 1
        said = call("confirm", "1", "key")
        assert (said.returncode, said.stdout.strip()) == (0, "noted as done")
        out, _ = running.communicate(timeout=90)
    assert running.returncode == 0
    assert "turned" in out


def test_a_run_that_was_killed_is_continued_and_can_be_stopped(
    call: Call, environment: dict[str, str]
) -> None:
    assert call("run", "turn-the-key").returncode == 0
    with asking(environment, "approve", "1"):
        pass
    with asking(environment, "resume", "1") as running:
        assert call("resume", "1").returncode == 1
        stopped = call("stop", "1", "--json")
        assert json.loads(stopped.stdout)["allowed"]
        out, _ = running.communicate(timeout=90)
    assert running.returncode == 1
    assert "stopped by" in out
    assert "not done: Say it" in out

"""Asking for values in a terminal: a real process on a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

RUNBOOK = """\
name: say-hello
title: Say hello
version: 1
summary: s
parameters:
  whom: {type: string, description: who is greeted, pattern: '[a-z]+'}
  times: {type: integer, description: how often, minimum: 1, maximum: 3}
steps:
  - {id: say, title: Say it, risk: low, run: {argv: [echo, hello, "{{ whom }}", "{{ times }}"]}}
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, arguments: list[str], home: Path) -> None:
        self._main, inner = pty.openpty()
        environment = {
            **os.environ,
            "OPSBOT_HOME": str(home),
            "OPSBOT_RUNBOOKS__FOLDERS": f'["{home / "books"}"]',
            "COLUMNS": "200",
            "TERM": "dumb",
            "NO_COLOR": "1",
        }
        command = [sys.executable, "-m", "bot", "runbook", *arguments]
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, env=environment
        )
        os.close(inner)
        self.shown = ""

    def reads(self, wanted: str, timeout_s: float = 60.0) -> None:
        end_mono = time.monotonic() + timeout_s
        while wanted not in self.shown and time.monotonic() < end_mono:
            if select.select([self._main], [], [], 0.5)[0]:
                try:
                    self.shown += os.read(self._main, 4096).decode(errors="replace")
                except OSError:
                    break
        assert wanted in self.shown, self.shown
        self.shown = self.shown[self.shown.index(wanted) + len(wanted) :]

    def types(self, line: str) -> None:
        os.write(self._main, f"{line}\n".encode())


def test_missing_values_are_asked_for_until_they_fit(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "hello.yaml").write_text(RUNBOOK)
    terminal = Terminal(["propose", "say-hello", "--set", "times=2"], tmp_path)
    try:
        terminal.reads("whom: who is greeted")
        terminal.types("Ada; rm -rf /")
        terminal.reads("must look like")
        terminal.types("ada")
        terminal.reads("Proposal #1")
        terminal.reads("whom = ada  (said)")
        terminal.reads("hello ada 2")
        terminal.reads("opsbot runbook approve 1")
        assert terminal.process.wait(30) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()

"""Levels as programs write them."""

from __future__ import annotations

import pytest

from bot.skills.logs.severity import Severity, severity_of


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("2026-11-21T08:15:02.113Z WARNING checkout slow", Severity.WARN),
        ("[Sun Dec 04 04:47:44 2005] [error] mod_jk child", Severity.ERROR),
        ('{"level":"fatal","msg":"x"}', Severity.FATAL),
        ("ts=1 level=info msg=started", Severity.INFO),
        ("E0102 15:04:05.123456 1 main.go:12] no route", Severity.ERROR),
        ("03-17 16:13:38.811 1702 2395 W WindowManager: x", Severity.WARN),
        ("2015-07-29 17:41:44,747 - INFO  [main] - An error was avoided", Severity.INFO),
        ("error: cannot find module", Severity.ERROR),
        ("kernel: Out of memory: Killed process 17", Severity.FATAL),
        ("Failed password for root", Severity.WARN),
        ("all 0 jobs done", Severity.INFO),
    ],
)
def test_a_line_has_its_stated_level_else_one_from_its_words(line: str, severity: Severity) -> None:
    assert severity_of(line) is severity


@pytest.mark.parametrize(
    "line",
    [
        "Process completed with exit code 1.",
        "= 45 failed, 162298 passed in 759.43s =",
        "FAIL test/config/get.ts (17 s)",
        "not ok 7 - parses",
        "\N{CROSS MARK} unit tests",
    ],
)
def test_work_that_did_not_succeed_is_an_error(line: str) -> None:
    assert severity_of(line) is Severity.ERROR


@pytest.mark.parametrize("line", ["finished with 0 errors", "exit code 0", "no errors found"])
def test_the_absence_of_errors_is_no_error(line: str) -> None:
    assert severity_of(line) is Severity.INFO

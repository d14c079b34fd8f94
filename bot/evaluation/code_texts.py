"""Answers that are judged by what they do to texts, documents and the calendar."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import regex

from bot.skills.code.validators.cron_line import fields_of, next_runs, schedule_lines
from bot.skills.code.validators.jq_program import arguments_of, flags_of, program_of
from bot.skills.code.validators.regular_expression import bare

from .code_case import Outcome

_TIMEOUT_S = 5.0
_N_RUNS = 120
_STARTS = (datetime(2026, 1, 30, 22, 17, tzinfo=UTC), datetime(2027, 6, 15, 3, 0, tzinfo=UTC))
_JQ = """
import jq, json, sys
program, document = json.load(sys.stdin)
json.dump(jq.compile(program).input_value(document).all(), sys.stdout)
"""


def check_regex(code: str, check: Mapping[str, Any]) -> Outcome:
    """Search in texts.

    Args:
        check: `match` and `no_match`, texts; `found`, the text that is found by text; `group`,
            the first group by text; `whole` if the whole text must match.
    """
    try:
        compiled = regex.compile(bare(code))
        find = compiled.fullmatch if check.get("whole") else compiled.search
        for text in check.get("match", []):
            if find(str(text), timeout=_TIMEOUT_S) is None:
                return Outcome(passed=False, reason=f"does not match {text!r}")
        for text in check.get("no_match", []):
            if find(str(text), timeout=_TIMEOUT_S) is not None:
                return Outcome(passed=False, reason=f"matches {text!r}")
        return _groups(compiled, check)
    except (regex.error, TimeoutError) as exc:
        return Outcome(passed=False, reason=str(exc) or "it did not end")


def _groups(compiled: regex.Pattern[str], check: Mapping[str, Any]) -> Outcome:
    for kind in ("found", "group"):
        for text, wanted in dict(check.get(kind, {})).items():
            match = compiled.search(str(text), timeout=_TIMEOUT_S)
            groups = (match.group(), *(g for g in match.groups() if g)) if match else ()
            got = groups[:1] if kind == "found" else groups[1:2] or groups[:1]
            if got != (str(wanted),):
                return Outcome(passed=False, reason=f"finds {got} in {text!r}")
    return Outcome(passed=True)


def check_jq(code: str, check: Mapping[str, Any]) -> Outcome:
    """Run a program on documents.

    Args:
        check: `cases`, each with `input` and `output`, the list of all results.
    """
    if arguments_of(code):
        return Outcome(passed=False, reason="it needs arguments from a command line")
    flags = flags_of(code)
    for case in check["cases"]:
        document = [case["input"]] if flags & {"s", "--slurp"} else case["input"]
        try:
            done = subprocess.run(  # noqa: S603 - jq cannot reach anything but its input
                [sys.executable, "-c", _JQ],
                input=json.dumps([program_of(code), document]),
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return Outcome(passed=False, reason="it did not end")
        if done.returncode != 0:
            return Outcome(passed=False, reason=done.stderr.strip().splitlines()[-1][:200])
        got = json.loads(done.stdout)
        accepted = [case["output"], *case.get("or", [])]
        if got not in accepted:
            return Outcome(passed=False, reason=f"gives {json.dumps(got)[:160]}")
    return Outcome(passed=True)


def check_cron(code: str, check: Mapping[str, Any]) -> Outcome:
    """Compare the times at which lines run.

    Args:
        check: `as`, the five fields of a line that runs at the right times, or several; `command`,
            what the line must run.
    """
    lines = schedule_lines(code)
    wanted = cast("list[object]", check["as"] if isinstance(check["as"], list) else [check["as"]])
    try:
        for start in _STARTS:
            own = _runs([fields_of(line) or "" for line in lines], start)
            if not own or own != _runs([str(each) for each in wanted], start):
                return Outcome(passed=False, reason=f"runs at other times: {lines}")
    except ValueError as exc:
        return Outcome(passed=False, reason=str(exc))
    command = str(check.get("command", ""))
    if command and not all(re.search(rf"(?<!\S){re.escape(command)}(?!\S)", x) for x in lines):
        return Outcome(passed=False, reason=f"does not run {command}")
    return Outcome(passed=True)


def _runs(lines: list[str], start: datetime) -> list[datetime]:
    times = {run for fields in lines for run in next_runs(fields, _N_RUNS, start)}
    return sorted(times)[:_N_RUNS]

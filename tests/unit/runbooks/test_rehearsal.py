"""Recorded results: what a file may say, and what a rehearsal makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.errors import RunbookFileError
from runbooks.lifecycle import ProposalState
from runbooks.loader import parse
from runbooks.recordings import load_cases
from runbooks.rehearsal import Rehearsal, rehearse
from runbooks.schema import Runbook

RUNBOOK = """
name: scale-out
title: Scale a service
version: 1
summary: Gives a service more workers.
parameters:
  service: {type: string, description: which, pattern: '[a-z]+'}
steps:
  - id: look
    title: Look
    risk: read_only
    preview: {argv: [no-such-program, look]}
    run: {argv: [no-such-program, "{{ service }}"]}
    retry: {times: 2, delay_s: 600}
  - id: scale
    title: Scale
    risk: medium
    when: {step: look, expect: {minimum: 100}}
    run: {argv: [no-such-program, "{{ item }}"]}
    matrix: {over: [east, west], stop_on_failure: false}
    verify: {argv: [no-such-program], within_s: 3600, expect: {output: rolled out}}
  - id: pause
    title: Wait
    risk: read_only
    run: {wait: {seconds: 3600}}
"""
GOOD = """
cases:
  - name: a long queue
    parameters: {service: orders}
    results:
      - {step: look, of: preview, output: "4711"}
      - {step: look, exit_status: 1, detail: connection refused}
      - {step: look, output: "4711"}
      - {step: scale}
      - {step: scale, of: verify, output: waiting}
      - {step: scale, of: verify, output: rolled out}
    expect:
      state: succeeded
      reason: every step succeeded
      steps: {look: succeeded, "scale[east]": succeeded, "scale[west]": succeeded}
  - name: a short queue
    parameters: {service: orders}
    results:
      - {step: look, output: "12"}
    expect:
      steps: {"scale[east]": skipped, pause: succeeded}
  - name: one side fails
    parameters: {service: orders}
    results:
      - {step: look, output: "400"}
      - {step: scale, item: east, ok: false, detail: refused}
      - {step: scale, item: west}
      - {step: scale, of: verify, output: rolled out}
    expect:
      state: failed
      reason: "Scale: refused"
      steps: {"scale[east]": failed, "scale[west]": succeeded, pause: not_done}
"""


@pytest.fixture
def runbook() -> Runbook:
    return parse(RUNBOOK.encode(), Path("scale.yaml"))


async def rehearsed(runbook: Runbook, folder: Path, text: str) -> list[Rehearsal]:
    path = folder / "scale.results.yaml"
    path.write_text(text)
    return [await rehearse(runbook, case, path) for case in load_cases(path, runbook)]


async def test_every_case_runs_as_recorded_without_programs_or_time(
    runbook: Runbook, tmp_path: Path
) -> None:
    found = await rehearsed(runbook, tmp_path, GOOD)
    assert [rehearsal.faults for rehearsal in found] == [(), (), ()]
    assert [rehearsal.state for rehearsal in found] == [
        ProposalState.SUCCEEDED,
        ProposalState.SUCCEEDED,
        ProposalState.FAILED,
    ]


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("state: succeeded", "state: failed", 13, "expected failed, it succeeded"),
        ("look: succeeded", "look: skipped", 15, "look: expected skipped, it is succeeded"),
        ("reason: every", "reason: hardly every", 14, "'hardly every step succeeded' is not in"),
        ('"scale[west]": succeeded}\n  - n', '"scale[north]": skipped}\n  - n', 15, "no step of"),
        ("- {step: scale}", "- {step: scale, item: north}", 9, "was never asked for"),
        ("service: orders", "service: ORDERS", 3, "parameter 'service'"),
    ],
)
async def test_what_differs_is_said_with_its_line(
    runbook: Runbook, tmp_path: Path, before: str, after: str, line: int, words: str
) -> None:
    (first, *_) = await rehearsed(runbook, tmp_path, GOOD.replace(before, after, 1))
    assert any(fault.line == line and words in fault.message for fault in first.faults)


async def test_an_action_without_a_recording_fails_and_says_so(
    runbook: Runbook, tmp_path: Path
) -> None:
    text = GOOD.replace("      - {step: scale}\n", "", 1)
    (first, *_) = await rehearsed(runbook, tmp_path, text)
    assert "no result is recorded for the action of scale[east]" in first.reason


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("cases: []", "1: there is no case"),
        ("cases:\n  - name: x", "2: a case has no 'expect'"),
        ("cases:\n  - {name: x, expect: {}}", "2: expect must have at least one of"),
        ("cases:\n  - name: x\n    expect: {state: done}", "3: state must be one of"),
        (
            "cases:\n  - name: x\n    results: [{step: nothing}]\n    expect: {state: failed}",
            "3: scale-out has no step 'nothing'",
        ),
        (
            "cases:\n  - name: x\n    results: [{step: look, of: undo}]\n    expect: {state: failed}",
            "3: of must be one of preview, action, verify",
        ),
        (
            "cases:\n  - name: x\n    results: [{step: look, ok: maybe}]\n    expect: {state: failed}",
            "3: ok must be true or false",
        ),
    ],
)
def test_a_faulty_file_names_every_fault_with_its_line(
    runbook: Runbook, tmp_path: Path, text: str, fault: str
) -> None:
    path = tmp_path / "scale.results.yaml"
    path.write_text(text)
    with pytest.raises(RunbookFileError) as caught:
        load_cases(path, runbook)
    assert f"{path}:{fault}" in str(caught.value)


def test_a_file_that_is_not_there_is_a_fault(runbook: Runbook, tmp_path: Path) -> None:
    with pytest.raises(RunbookFileError, match="cannot be read"):
        load_cases(tmp_path / "none.yaml", runbook)

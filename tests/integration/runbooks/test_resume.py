"""kill -9 at every step boundary, and what a fresh process makes of it; side effects are counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

LAB = Path(__file__).with_name("crash_lab.py")
ROOT = LAB.parents[3]
ACTIONS_NOT_CLOSED = {4, 9}
"""Writes that store the end of an action: killed before them, nobody knows how it ended."""


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every trial by name; one program conducts them all, each run in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(LAB), str(tmp_path_factory.mktemp("lab"))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {trial["name"]: trial for trial in found}


def once_each(mark: str, letters: str = "abxyz") -> bool:
    return sorted(mark) == sorted(letters)


@pytest.mark.parametrize("n", range(1, 11))
def test_between_steps_a_killed_run_goes_on_and_inside_one_it_is_unknown(
    trials: dict[str, dict[str, Any]], n: int
) -> None:
    trial = trials[f"write-{n}"]
    (after,) = trial["recovered"]
    assert trial["killed"]
    if n in ACTIONS_NOT_CLOSED:
        assert after["state"] == "unknown"
        assert "look before you repeat it" in after["reason"]
        assert trial["mark"] == ("a" if n == 4 else "ab")
    else:
        assert (after["state"], after["resumed"]) == ("succeeded", 1)
        assert once_each(trial["mark"])


@pytest.mark.parametrize("n", range(25))
def test_wherever_a_run_is_killed_no_change_happens_twice_and_the_trail_holds(
    trials: dict[str, dict[str, Any]], n: int
) -> None:
    trial = trials[f"write-{n}"]
    (after,) = trial["recovered"]
    assert trial["killed"]
    assert max(Counter[str](trial["mark"]).values(), default=0) <= 1
    assert after["intact"]
    if after["state"] == "succeeded":
        assert once_each(trial["mark"])
    else:
        assert after["state"] == "unknown"
        assert after["events"] == []


def test_what_was_approved_and_not_launched_is_launched_once(
    trials: dict[str, dict[str, Any]],
) -> None:
    (after,) = trials["write-0"]["recovered"]
    assert (after["state"], after["resumed"]) == ("succeeded", 0)
    assert once_each(trials["write-0"]["mark"])


@pytest.mark.parametrize("n", [22, 23])
def test_a_run_killed_after_its_last_step_is_only_closed(
    trials: dict[str, dict[str, Any]], n: int
) -> None:
    (after,) = trials[f"write-{n}"]["recovered"]
    assert after["state"] == "succeeded"
    assert after["events"] == ["RunResumed", "RunFinished"]


def test_after_the_action_only_the_check_is_repeated(trials: dict[str, dict[str, Any]]) -> None:
    (after,) = trials["write-5"]["recovered"]
    assert after["events"][:2] == ["RunResumed", "VerifyFinished"]


def test_killed_inside_an_action_a_change_is_not_repeated(
    trials: dict[str, dict[str, Any]],
) -> None:
    trial = trials["in-action"]
    assert trial["killed"]
    assert trial["mark"] == "a"
    assert trial["recovered"][0]["state"] == "unknown"


def test_killed_inside_an_action_that_only_reads_it_is_done_again(
    trials: dict[str, dict[str, Any]],
) -> None:
    trial = trials["in-action-read-only"]
    assert trial["recovered"][0]["state"] == "succeeded"
    assert once_each(trial["mark"], "aabxyz")


@pytest.mark.parametrize("name", ["two-at-once", "two-at-once-in-matrix"])
def test_of_two_processes_that_recover_exactly_one_goes_on(
    trials: dict[str, dict[str, Any]], name: str
) -> None:
    trial = trials[name]
    resumed = [after for after in trial["recovered"] if "RunResumed" in after["events"]]
    assert len(resumed) == 1
    assert resumed[0]["state"] == "succeeded"
    assert Counter(trial["mark"])["b"] == 1


def test_a_person_is_asked_again_after_a_restart(trials: dict[str, dict[str, Any]]) -> None:
    trial = trials["manual"]
    (after,) = trial["recovered"]
    assert trial["killed"]
    assert "ManualAsked" in after["events"]
    assert after["state"] == "succeeded"
    assert trial["mark"] == "ab"

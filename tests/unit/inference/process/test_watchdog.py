"""When a process that does not behave is killed."""

from __future__ import annotations

import pytest

from inference.process.watchdog import Watchdog

DOG = Watchdog(start_s=60, silence_s=15, step_s=120)


@pytest.mark.parametrize(
    ("has_answered", "silent_s", "step_s", "reason"),
    [
        (False, 60.0, 0.0, ""),
        (False, 60.1, 0.0, "it did not begin to answer within 60 s"),
        (True, 0.0, 0.0, ""),
        (True, 15.0, 120.0, ""),
        (True, 15.1, 0.0, "it gave no sign of life for 15 s"),
        (True, 0.0, 120.1, "one step took longer than 120 s"),
    ],
)
def test_it_is_patient_up_to_its_limits_and_names_the_one_that_was_passed(
    has_answered: bool, silent_s: float, step_s: float, reason: str
) -> None:
    verdict = DOG.verdict(has_answered=has_answered, silent_s=silent_s, step_s=step_s)
    assert verdict == reason


def test_a_model_that_was_lost_needs_a_new_process() -> None:
    verdict = DOG.verdict(has_answered=True, silent_s=0.0, step_s=0.0, has_lost_model=True)
    assert verdict == "it lost its model"


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="must be > 0 s"):
        Watchdog(silence_s=0)

from __future__ import annotations

from dataclasses import dataclass

import pytest

from inference.request import Priority
from inference.scheduler import next_to_preempt, next_to_run


@dataclass(frozen=True, kw_only=True)
class Waiting:
    order: int
    priority: Priority = Priority.INTERACTIVE
    n_cells: int = 0


def test_first_come_is_first_served() -> None:
    first, second = Waiting(order=1), Waiting(order=2)
    assert next_to_run([second, first]) is first


def test_a_person_goes_before_background_work_in_progress() -> None:
    digest = Waiting(order=1, priority=Priority.BACKGROUND, n_cells=900)
    question = Waiting(order=2)
    assert next_to_run([digest, question]) is question


def test_nobody_to_run_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        next_to_run([])


def test_the_youngest_background_sequence_gives_up_its_cells() -> None:
    old = Waiting(order=1, priority=Priority.BACKGROUND, n_cells=5)
    young = Waiting(order=3, priority=Priority.BACKGROUND, n_cells=5)
    person = Waiting(order=4, n_cells=5)
    waiting = Waiting(order=5, priority=Priority.BACKGROUND)
    beneficiary = Waiting(order=2, n_cells=1)
    assert next_to_preempt([old, young, person, waiting, beneficiary], beneficiary) is young


def test_nobody_gives_up_cells_for_itself() -> None:
    alone = Waiting(order=1, n_cells=9)
    assert next_to_preempt([alone, Waiting(order=2)], alone) is None

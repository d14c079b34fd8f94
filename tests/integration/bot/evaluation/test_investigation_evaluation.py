"""Simulated incidents are explained, healthy systems are left in peace, and chance repeats itself."""

from __future__ import annotations

import pytest

from bot.evaluation.incidents_sim.cases import held_back_incidents, told_incidents
from bot.evaluation.incidents_sim.faults import faults, symptoms
from bot.evaluation.incidents_sim.incident import Incident
from bot.evaluation.investigation import investigate
from bot.skills.investigation.causes import causes
from bot.skills.investigation.drivers import PlaybookDriver

TOLD = {each.name: each for each in told_incidents()}
CHOSEN = (
    "disk of the database is full",
    "a change of the service itself",
    "healthy, with a new warning and an old alert",
    "healthy, just after a change",
)


@pytest.mark.parametrize("name", CHOSEN)
async def test_an_incident_is_explained_and_nothing_else_is_blamed(name: str) -> None:
    scored = await investigate(TOLD[name], PlaybookDriver(), 1)
    assert scored.is_right
    assert not scored.is_false
    assert scored.n_seen_through == scored.n_herrings
    assert not scored.is_truth_ruled_out


def test_there_are_enough_incidents_and_every_fault_is_a_declared_cause() -> None:
    healthy = [each for each in TOLD.values() if each.is_healthy]
    assert len(TOLD) - len(healthy) >= 12
    assert len(healthy) >= 2
    assert set(faults()) <= set(causes())


def test_the_same_seed_makes_the_same_incidents() -> None:
    first: tuple[Incident, ...] = held_back_incidents(5, 3)
    assert first == held_back_incidents(5, 3)
    assert first != held_back_incidents(5, 4)


def test_held_back_wordings_are_told_nowhere_else() -> None:
    for each in (*faults().values(), *symptoms().values()):
        assert not set(each.shown) & set(each.held_back)

"""What counts as a change, and in which order changes are told."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from bot.messages import Change
from bot.skills.logs.findings import (
    Comparison,
    as_finding,
    compare,
    preceding,
)
from bot.skills.logs.onset import Grid, find_late_onset, find_onset
from bot.skills.logs.profile import Row, Sighting
from bot.skills.logs.severity import Severity

GRID = Grid(0, 100)
NOW = datetime(2026, 3, 3, tzinfo=UTC)


def row(name: str, ticks: Mapping[int, int], severity: Severity = Severity.INFO) -> Row:
    firsts = {
        tick: Sighting(name, "app.log", tick + 1, tick, datetime.fromtimestamp(tick, UTC))
        for tick in ticks
    }
    return Row(
        service="app",
        template_id=name,
        value="",
        pattern=name,
        severity=severity,
        ticks=ticks,
        firsts=firsts,
        last_second=max(ticks),
    )


def every(first: int, end: int, count: int) -> dict[int, int]:
    return dict.fromkeys(range(first, end), count)


def look(*rows: Row, window_first: int = 50) -> Comparison:
    onset = find_onset(rows, GRID)
    return compare(rows, GRID, window_first, onset, 1.0)


def test_the_onset_is_where_the_counts_change() -> None:
    rows = [row("served", every(0, 70, 20)), row("refused", every(70, 100, 9), Severity.ERROR)]
    assert find_onset(rows, GRID) == 70


def test_the_end_of_an_incident_is_no_onset() -> None:
    rows = [row("refused", every(0, 40, 9), Severity.ERROR), row("served", every(0, 100, 20))]
    assert find_onset(rows, GRID) is None


def test_after_a_recovery_the_onset_is_still_the_onset() -> None:
    rows = [row("refused", every(30, 60, 9), Severity.ERROR), row("served", every(0, 100, 20))]
    assert find_onset(rows, GRID) == 30


def test_each_kind_of_change_is_named() -> None:
    comparison = look(
        row("refused", every(70, 100, 9), Severity.ERROR),
        row("retry", every(0, 70, 1) | every(70, 100, 12), Severity.WARN),
        row("served", every(0, 70, 20)),
        row("queued", every(0, 70, 10) | every(70, 100, 3)),
        row("tick", every(0, 100, 5)),
    )
    found = {moved.row.pattern: moved for moved in comparison.movements}
    assert {name: moved.change for name, moved in found.items()} == {
        "refused": Change.NEW,
        "retry": Change.RISING,
        "served": Change.GONE,
        "queued": Change.FALLING,
        "tick": Change.STEADY,
    }
    assert (found["retry"].label, found["queued"].label) == ("×12", "÷3.3")
    assert as_finding(found["served"]).template == "served (usually 20/s)"
    assert as_finding(found["served"]).count == 0
    assert found["refused"].n_lines == 270
    assert found["tick"].n_lines == 250


def test_causes_stand_before_their_consequences() -> None:
    comparison = look(
        row("503", every(71, 100, 30), Severity.WARN),
        row("later error", every(75, 100, 40), Severity.ERROR),
        row("first error", every(70, 100, 3), Severity.ERROR),
        row("first warning", every(70, 100, 3), Severity.WARN),
        row("served", every(0, 70, 20)),
        row("note", every(70, 100, 50)),
    )
    order = [moved.row.pattern for moved in comparison.movements]
    assert order == ["first error", "later error", "first warning", "503", "served", "note"]


def test_a_single_new_error_is_found_but_stands_behind_those_that_keep_coming() -> None:
    comparison = look(
        row("once", {60: 1}, Severity.ERROR),
        row("refused", every(70, 100, 9), Severity.ERROR),
        row("served", every(0, 100, 20)),
    )
    order = [moved.row.pattern for moved in comparison.changed]
    assert order == ["refused", "once"]


def test_rare_chatter_is_not_new() -> None:
    comparison = look(row("served", every(0, 100, 20)), row("reloaded", {80: 1}))
    assert comparison.changed == ()


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_log_has_no_findings(seed: int) -> None:
    """Poisson and bursty messages, cut anywhere."""
    dice = random.Random(seed)  # noqa: S311
    rows = [
        row(f"m{n}", {t: k for t in range(100) if (k := int(dice.expovariate(1 / rate)))})
        for n, rate in enumerate([0.5, 1, 1, 2, 3, 5, 8, 20, 50])
    ]
    assert look(*rows, window_first=dice.randrange(30, 80)).changed == ()


def test_without_anything_before_nothing_is_called_new() -> None:
    comparison = compare([row("bad", {0: 3}, Severity.ERROR)], Grid(0, 1), 0, None)
    assert not comparison.has_baseline
    assert [(m.change, m.label) for m in comparison.movements] == [(Change.STEADY, "ERROR")]


def test_what_was_first_seen_just_before_an_onset_is_told_unless_there_is_a_lot() -> None:
    rows = [row("served", every(0, 100, 5)), row("export started", {66: 1})]
    assert [moved.row.pattern for moved in preceding(rows, 70.0)] == ["export started"]
    many = [row(f"m{n}", {66: 1}) for n in range(9)]
    assert preceding([*rows, *many], 70.0) == ()


def test_a_first_error_in_the_very_last_ticks_is_an_onset() -> None:
    steady = row("served", dict.fromkeys(range(10), 4))
    burst = row("pool exhausted", {9: 20}, Severity.ERROR)
    assert find_onset([steady, burst], Grid(0, 10)) is None
    assert find_late_onset([steady, burst], Grid(0, 10)) == 9


def test_one_late_error_and_a_late_message_are_no_onset() -> None:
    steady = row("served", dict.fromkeys(range(10), 4))
    late = [row("oops", {9: 1}, Severity.ERROR), row("hello", {9: 20})]
    assert find_late_onset([steady, *late], Grid(0, 10)) is None

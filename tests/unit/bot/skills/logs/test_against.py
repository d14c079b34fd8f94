"""Of two logs, only what differs by more than chance, busyness and bursts is a change."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from bot.messages import Change
from bot.skills.logs.against import compare_with
from bot.skills.logs.analysis import analyse_against
from bot.skills.logs.findings import Movement
from bot.skills.logs.profile import Row, Sighting
from bot.skills.logs.severity import Severity
from bot.skills.logs.sources import TextStream

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = ("alpha", "beta", "gamma", "delta", "kappa")


def row(pattern: str, ticks: dict[int, int], severity: Severity = Severity.INFO) -> Row:
    return Row(
        service="app",
        template_id=pattern,
        value="",
        pattern=pattern,
        severity=severity,
        ticks=ticks,
        firsts={tick: Sighting(pattern, "a.log", tick + 1, tick, None) for tick in ticks},
        last_second=max(ticks),
    )


def every(start: int, end: int, n_lines: int) -> dict[int, int]:
    return dict.fromkeys(range(start, end), n_lines)


def changes(new: list[Row], old: list[Row], exposure: float = 1.0) -> dict[str, Change]:
    return {m.row.pattern: m.change for m in compare_with(new, old, exposure).movements}


def test_another_log_can_be_the_baseline() -> None:
    old = [row("served", every(0, 50, 10)), row("gone", every(0, 50, 4))]
    new = [row("served", every(0, 100, 10)), row("bad", every(0, 10, 1), Severity.ERROR)]
    assert changes(new, old, 0.5) == {
        "served": Change.STEADY,
        "bad": Change.NEW,
        "gone": Change.GONE,
    }


def test_a_busier_time_is_no_change_of_every_message() -> None:
    old = [row(name, every(0, 100, n)) for n, name in enumerate(NAMES, start=1)]
    new = [row(name, every(0, 100, n * 6)) for n, name in enumerate(NAMES, start=1)]
    assert set(changes(new, old).values()) == {Change.STEADY}
    new[0] = row(NAMES[0], every(0, 100, 60))
    assert changes(new, old)[NAMES[0]] is Change.RISING


def test_one_burst_less_is_no_silence() -> None:
    steady = row("served", every(0, 100, 5))
    assert "burst" not in changes([steady], [steady, row("burst", {40: 60})])
    assert changes([steady], [steady, row("beat", every(0, 60, 1))])["beat"] is Change.GONE


def test_chatter_is_new_when_it_comes_again_and_again() -> None:
    steady = row("served", every(0, 100, 5))
    found = changes([steady, row("once", {40: 30}), row("often", every(0, 30, 1))], [steady])
    assert (found["once"], found["often"]) == (Change.STEADY, Change.NEW)


def test_an_unknown_error_that_is_not_called_new_stands_before_what_is_usual() -> None:
    known = [row("usual", every(0, 100, 1), Severity.ERROR), row("served", every(0, 100, 5))]
    new = [*known, row("oops", {3: 1}, Severity.ERROR)]
    first: Movement = compare_with(new, known, 1.0).movements[0]
    assert (first.row.pattern, first.change, first.is_unseen) == ("oops", Change.STEADY, True)


def test_a_log_divided_at_random_has_no_findings_whatever_the_share() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    for share in (0.1, 0.5, 0.8):
        new: dict[str, dict[int, int]] = {}
        old: dict[str, dict[int, int]] = {}
        for name in NAMES:
            for tick in range(200):
                (new if dice.random() < share else old).setdefault(name, {})[tick] = 3
        pair = [[row(name, ticks) for name, ticks in each.items()] for each in (new, old)]
        assert set(changes(pair[0], pair[1]).values()) == {Change.STEADY}


def _halves(*counts: tuple[int, int]) -> list[str]:
    texts = [["2026-03-02T09:00:00Z INFO served"] * 50 for _ in range(2)]
    for name, pair in zip(("fan", "disk", "link", "port", "node", "rack"), counts, strict=False):
        for text, n in zip(texts, pair, strict=True):
            text.extend([f"2026-03-02T09:00:01Z ERROR {name} is broken beyond repair"] * n)
    return ["\n".join(text) for text in texts]


def _new_against(old: str, new: str) -> list[str]:
    streams = {"log": (TextStream(name="log", text=new),)}
    found = analyse_against(streams, (TextStream(name="old", text=old),), NOW)
    return [moved.row.pattern for moved in found.movements if moved.change is Change.NEW]


def test_one_line_of_an_unknown_error_is_new_when_errors_were_unknown() -> None:
    assert _new_against(*_halves((0, 1))) == ["fan is broken beyond repair"]


def test_an_unknown_error_among_many_rare_ones_is_no_news() -> None:
    assert _new_against(*_halves((1, 0), (1, 0), (2, 0), (0, 1), (0, 2))) == []


def test_an_unknown_error_that_keeps_coming_is_news_among_rare_ones() -> None:
    assert _new_against(*_halves((1, 0), (1, 0), (0, 30))) == ["link is broken beyond repair"]

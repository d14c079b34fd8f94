"""Without a baseline, lines near the grave, frequent and late ones explain most."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.skills.logs.analysis import analyse
from bot.skills.logs.digest import build
from bot.skills.logs.ranking import Pick, ranked
from bot.skills.logs.sources import TextStream

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = ("alpha", "beta", "gamma", "delta", "kappa", "sigma", "omega", "theta", "lambda", "zeta")


def picks_of(text: str) -> tuple[Pick, ...]:
    analysis = analyse({"job": (TextStream(name="job.log", text=text),)}, None, NOW)
    return ranked(analysis.movements)


def job(*end: str) -> str:
    """A job that does a lot of different things, and what it ends with."""
    steps = [f"{first} prepares {second}" for first in NAMES for second in NAMES]
    return "\n".join([*steps, *end])


def test_the_error_comes_first_and_the_lines_around_it_next() -> None:
    text = job("linking the program", "error: symbol not found", "see main.c", *NAMES, *NAMES)
    found = [pick.sighting.line for pick in picks_of(text)[:3]]
    assert found[0] == "error: symbol not found"
    assert set(found[1:]) == {"linking the program", "see main.c"}


def test_of_equal_errors_the_later_one_comes_first() -> None:
    text = "\n".join(["error: no sunshine", *(["well"] * 50), "error: bad weather", "bye"])
    assert picks_of(text)[0].sighting.line == "error: bad weather"


def test_the_same_error_said_again_waits_for_another_one() -> None:
    same = [f"error: part {name} of the shared index is broken" for name in NAMES[:3]]
    found = [p.sighting.line for p in picks_of(job("error: disk full", "x", "x", "x", "x", *same))]
    assert found.index("error: disk full") < 3


def test_advice_after_a_failure_waits_for_the_failure() -> None:
    end = ("ERROR the shop has two parts", "ERROR for more information about errors read the guide")
    assert picks_of(job(*end))[0].sighting.line == end[0]


def test_what_passed_waits_for_what_failed() -> None:
    passed = [f"PASS [0.{n}1s] shop::panic fatal error {name}" for n, name in enumerate(NAMES)]
    text = "\n".join([*passed, "FAIL [0.10s] shop::cart totals", *passed])
    assert picks_of(text)[0].sighting.line == "FAIL [0.10s] shop::cart totals"


def test_every_line_is_picked_once() -> None:
    picks = picks_of(job("error: one", "error: two", "done"))
    places = [pick.sighting.line_number for pick in picks]
    assert len(places) == len(set(places))
    assert len(picks) <= 200


def test_lines_are_shown_without_stamps_and_with_the_name_before_them() -> None:
    lines = [f"web 2026-11-21T08:00:{n:02d}Z node-7 INFO served {n}" for n in range(40)]
    lines.append("db 2026-11-21T08:01:00Z node-7 ERROR disk 3 broken")
    analysis = analyse({"x": (TextStream(name="x.log", text="\n".join(lines)),)}, None, NOW)
    digest = build(analysis, budget_tokens=300, zone=UTC, only_telling=False)
    assert "[1] ERROR 1× db :41 node-7 ERROR disk 3 broken" in digest.text
    assert digest.n_lines == digest.n_shown + digest.n_folded + digest.n_skipped


def test_the_budget_holds_in_the_tokens_it_is_given_in() -> None:
    text = job(*(f"error: {name} is broken" for name in NAMES))
    analysis = analyse({"x": (TextStream(name="x.log", text=text),)}, None, NOW)
    for budget in (120, 400):
        digest = build(
            analysis, budget_tokens=budget, zone=UTC, only_telling=False, count_tokens=len
        )
        assert len(digest.text) <= budget
        assert digest.entries


def test_an_error_that_was_always_there_explains_less_than_one_that_came_once() -> None:
    lines: list[str] = []
    for number in range(400):
        lines += ["served one", "error: cache of avatars is missing"]
        if number == 200:
            lines.append("error: certificate has run out")
    picks = picks_of("\n".join(lines))
    assert picks[0].sighting.line == "error: certificate has run out"

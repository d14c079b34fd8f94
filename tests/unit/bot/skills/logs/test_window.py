"""Words for time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.skills.logs.window import window_in

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("what happened in the last hour?", "09:30", "10:30"),
        ("errors in the past 20 minutes", "10:10", "10:30"),
        ("last 2h of checkout", "08:30", "10:30"),
        ("why is it slow since 10:05", "10:05", "10:30"),
        ("anything since 9 am?", "09:00", "10:30"),
        ("between 09:00 and 09:15", "09:00", "09:15"),
        ("what broke at 10:20", "10:10", "10:30"),
        ("today", "00:00", "10:30"),
    ],
)
def test_times_are_those_of_the_person(text: str, start: str, end: str) -> None:
    times = window_in(text, NOW, BERLIN)
    assert times is not None
    found = [at.astimezone(BERLIN).strftime("%H:%M") for at in (times.start, times.end)]
    assert found == [start, end]


def test_a_time_that_is_still_to_come_was_yesterday() -> None:
    times = window_in("since 22:00", NOW, BERLIN)
    assert times is not None
    assert times.start.astimezone(BERLIN).isoformat() == "2026-11-20T22:00:00+01:00"


def test_yesterday_is_a_whole_day() -> None:
    times = window_in("what went wrong yesterday?", NOW, BERLIN)
    assert times is not None
    assert (times.end - times.start).total_seconds() == 86400


@pytest.mark.parametrize(
    "text", ["why is checkout failing?", "500 errors", "since the deploy", "at 99:99", "since 25"]
)
def test_other_words_name_no_time(text: str) -> None:
    assert window_in(text, NOW, BERLIN) is None


@pytest.mark.parametrize(
    ("english", "others"),
    [
        ("yesterday", ["gestern", "ayer", "昨天", "昨日"]),
        ("today", ["heute", "hoy", "今天", "今日"]),
        ("since yesterday", ["seit gestern", "desde ayer", "从昨天开始", "昨日から"]),
    ],
)
def test_days_are_known_in_five_languages(english: str, others: list[str]) -> None:
    wanted = window_in(f"errors {english}", NOW, BERLIN)
    assert wanted is not None
    assert {window_in(f"checkout {other}", NOW, BERLIN) for other in others} == {wanted}

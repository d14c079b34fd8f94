"""Schedules are read from words, in several languages, or not at all."""

from __future__ import annotations

import pytest

from bot.skills.schedule.parse import (
    Verb,
    parse_number,
    parse_recurrence,
    parse_verb,
    parse_zone,
)


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("post a log digest of checkout here every weekday at 9", "0 9 * * mon-fri"),
        ("daily at 18:30 please", "30 18 * * *"),
        ("every Monday and Thursday at 8pm", "0 20 * * mon,thu"),
        ("every day at 12am", "0 0 * * *"),
        ("every day at noon", "0 12 * * *"),
        ("weekends at 10", "0 10 * * sat,sun"),
        ("a digest hourly", "0 * * * *"),
        ("every 15 minutes", "*/15 * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        ("每个工作日上午9点半发送日志摘要", "30 9 * * mon-fri"),
        ("每天晚上8点", "0 20 * * *"),
        ("täglich um 7 uhr", "0 7 * * *"),
    ],
)
def test_recurrences_are_understood(text: str, cron: str) -> None:
    found = parse_recurrence(text)
    assert found is not None
    assert found.cron == cron


@pytest.mark.parametrize(
    "text",
    ["every day at 25", "at 9", "every weekday", "soon", "every 7 minutes", "every day at 13pm"],
)
def test_what_is_not_said_fully_is_not_guessed(text: str) -> None:
    assert parse_recurrence(text) is None


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("post a digest every day at 9", Verb.ADD),
        ("show me a digest every day at 9", Verb.ADD),
        ("list digests", Verb.LIST),
        ("what schedules are there?", Verb.LIST),
        ("run digest 2 now", Verb.RUN),
        ("remove digest 3", Verb.REMOVE),
        ("pause #4", Verb.PAUSE),
        ("resume digest 4", Verb.RESUME),
        ("删除 #2", Verb.REMOVE),
    ],
)
def test_verbs_are_told_apart(text: str, verb: Verb) -> None:
    assert parse_verb(text) is verb


def test_a_digest_is_named_by_number() -> None:
    assert [parse_number(text) for text in ("digest 12", "#3", "remove it")] == [12, 3, None]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("at 9 in Europe/Berlin", "Europe/Berlin"),
        ("at 9 UTC", "UTC"),
        ("at 9", "Asia/Tokyo"),
        ("at 9 in Middle/Earth", "Asia/Tokyo"),
    ],
)
def test_the_zone_is_the_one_named_else_the_askers(text: str, zone: str) -> None:
    assert parse_zone(text, "Asia/Tokyo") == zone

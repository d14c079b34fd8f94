"""Notations of time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.skills.logs.stamps import detect

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "notation", "time"),
    [
        ("2026-01-02T08:15:02.113Z ERROR x", "iso", "2026-01-02T08:15:02.113000+00:00"),
        ("2026-01-02 10:15:02,113+02:00 x", "iso", "2026-01-02T08:15:02.113000+00:00"),
        ('{"ts":"2026-01-02T08:15:02Z","m":"x"}', "iso", "2026-01-02T08:15:02+00:00"),
        ("2005-06-03-15.42.50.675872 node", "iso", "2005-06-03T15:42:50.675872+00:00"),
        ("Dec 31 06:55:46 host sshd[2]: x", "syslog", "2025-12-31T06:55:46+00:00"),
        ("Jan  2 06:55:46 host sshd[2]: x", "syslog", "2026-01-02T06:55:46+00:00"),
        ("[Sun Dec 04 04:47:44 2005] [notice] x", "httpd", "2005-12-04T04:47:44+00:00"),
        (
            '10.0.0.1 - - [02/Jan/2026:13:55:36 +0200] "GET / HTTP/1.1" 200 1',
            "access",
            "2026-01-02T11:55:36+00:00",
        ),
        ("E0102 08:15:02.000001 1 a.go:1] x", "klog", "2026-01-02T08:15:02.000001+00:00"),
        ("12-31 16:13:38.811 1702 2395 D x", "month-day", "2025-12-31T16:13:38.811000+00:00"),
        ("081109 203615 148 INFO x", "compact", "2008-11-09T20:36:15+00:00"),
        ("1767340800.5 x", "epoch", "2026-01-02T08:00:00.500000+00:00"),
        ("ts=1767340800123 level=info", "epoch", "2026-01-02T08:00:00.123000+00:00"),
    ],
)
def test_a_notation_is_recognised_and_read(line: str, notation: str, time: str) -> None:
    stamps = detect([line.encode()], NOW)
    assert stamps is not None
    assert stamps.notation == notation
    at = stamps.at(line.encode())
    assert at is not None
    assert at.isoformat() == time
    assert stamps.second_of(line.encode()) == int(at.timestamp())


def test_times_without_a_zone_are_in_the_given_one() -> None:
    line = b"2026-01-02 08:15:02 x"
    stamps = detect([line], NOW, ZoneInfo("Europe/Berlin"))
    assert stamps is not None
    assert stamps.at(line) == datetime(2026, 1, 2, 7, 15, 2, tzinfo=UTC)


def test_a_line_whose_stamp_stands_elsewhere_is_read_all_the_same() -> None:
    lines = [b"2026-01-02T08:15:02Z a", b"  2026-01-02T08:15:03Z b", b"no time", b""]
    stamps = detect(lines, NOW)
    assert stamps is not None
    first = stamps.second_of(lines[0])
    assert first is not None
    assert [stamps.second_of(line) for line in lines] == [first, first + 1, None, None]


def test_impossible_times_are_no_times() -> None:
    stamps = detect([b"2026-02-31T08:15:02Z a"], NOW)
    assert stamps is not None
    assert stamps.second_of(b"2026-02-31T08:15:02Z a") is None


def test_a_leap_day_without_a_year_is_in_a_leap_year() -> None:
    stamps = detect([b"Feb 29 08:15:02 host x"], NOW)
    assert stamps is not None
    at = stamps.at(b"Feb 29 08:15:02 host x")
    assert at is not None
    assert at.year == 2024


def test_lines_without_times_have_no_notation() -> None:
    assert detect([b"a", b"b 12", b""], NOW) is None


def test_seconds_of_a_minute_are_those_of_their_own_parse() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    lines = [f"2026-11-20 09:{m:02d}:{s:02d} x".encode() for m in (0, 59) for s in range(60)]
    stamps = detect(lines, now)
    assert stamps is not None
    expected = [int(at.timestamp()) for line in lines if (at := stamps.at(line)) is not None]
    assert [stamps.second_of(line) for line in lines] == expected
    assert stamps.second_of(b"2026-11-20 09:59:99 x") is None
    assert stamps.second_of(b"2026-11-20 09:59:4x x") is None

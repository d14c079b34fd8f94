"""Why a document counts as stale, said with its dates."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from knowledge import Metadata
from knowledge.staleness import age, staleness

TODAY = date(2026, 11, 21)


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def test_a_document_without_dates_is_never_stale() -> None:
    assert staleness(Metadata(), TODAY, 1) == ""


def test_age_alone_counts_only_beyond_the_limit_and_only_where_there_is_one() -> None:
    metadata = Metadata(updated_at=at(2026, 11, 11))
    assert staleness(metadata, TODAY) == ""
    assert staleness(metadata, TODAY, 10) == ""
    assert staleness(metadata, TODAY, 9) == "last changed 10 days ago"


def test_a_review_counts_from_its_day_and_says_how_old_the_text_is() -> None:
    metadata = Metadata(updated_at=at(2023, 10, 1), review_by=date(2024, 3, 1))
    assert staleness(metadata, TODAY) == "last changed 3 years ago, review was due on 2024-03-01"
    assert staleness(Metadata(review_by=TODAY), TODAY) == "review was due on 2026-11-21"
    assert staleness(Metadata(review_by=date(2026, 11, 22)), TODAY) == ""


def test_a_day_of_review_to_come_goes_before_age() -> None:
    metadata = Metadata(updated_at=at(2020, 1, 1), review_by=date(2030, 1, 1))
    assert staleness(metadata, TODAY, 30) == ""


def test_every_reason_is_said() -> None:
    metadata = Metadata(is_retired=True, updated_at=at(2025, 11, 1), review_by=TODAY)
    reasons = staleness(metadata, TODAY, 30).split(", ")
    assert reasons == [
        "marked as retired",
        "last changed 1 year ago",
        "review was due on 2026-11-21",
    ]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 21), "today"),
        (date(2026, 11, 20), "1 day ago"),
        (date(2026, 9, 1), "2 months ago"),
        (date(2023, 1, 1), "3 years ago"),
    ],
)
def test_an_age_is_said_in_its_largest_whole_unit(day: date, words: str) -> None:
    assert age(day, TODAY) == words

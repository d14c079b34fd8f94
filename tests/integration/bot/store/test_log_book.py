"""Answers about logs and marks on their messages survive a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.store.compare import differences
from bot.store.engine import open_database
from bot.store.log_answers import Evidence, LogAnswer, LogAnswers
from bot.store.log_marks import LogMarks, MarkKind, NewMark

NOW = datetime(2026, 3, 1, 10, 0, 0, 5, tzinfo=UTC)
EVIDENCE = Evidence(
    number=1,
    service="checkout",
    template_id="t1",
    value="503",
    pattern="POST <path> 503",
    source="checkout.log",
    line_number=12,
    line="10:00 POST /buy 503 größer",
    around=((11, "before"), (13, "after")),
)
ANSWER = LogAnswer(
    request_id="C1-1.0",
    channel_id="C1",
    services=("checkout", "db"),
    is_text=False,
    start_at=NOW - timedelta(hours=1),
    end_at=NOW,
    evidence=(EVIDENCE,),
    created_at=NOW,
)
MARK = NewMark(
    kind=MarkKind.IGNORED,
    service="checkout",
    template_id="t1",
    value="",
    pattern="cache miss <n>",
    reason="noise since 2024",
    user_id="U1",
    name="Maya",
    created_at=NOW,
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'opsbot.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_an_answer_comes_back_as_it_was_from_a_reopened_database(engine: Engine, url: str) -> None:
    LogAnswers(engine).save(ANSWER)
    again = open_database(url)
    try:
        assert LogAnswers(again).find("C1-1.0") == ANSWER
        assert LogAnswers(again).find("C1-2.0") is None
    finally:
        again.dispose()


def test_old_answers_are_forgotten(engine: Engine) -> None:
    answers = LogAnswers(engine)
    answers.save(ANSWER)
    answers.save(replace(ANSWER, request_id="new", created_at=NOW + timedelta(days=2)))
    assert answers.prune(NOW + timedelta(days=1)) == 1
    assert answers.find("C1-1.0") is None
    assert answers.find("new") is not None


def test_a_message_has_one_mark_of_a_kind_and_the_first_reason_stays(engine: Engine) -> None:
    marks = LogMarks(engine)
    first, is_new = marks.add(MARK)
    same, is_new_again = marks.add(replace(MARK, name="Jonas", reason="other"))
    known, _ = marks.add(replace(MARK, kind=MarkKind.KNOWN))
    assert (is_new, is_new_again) == (True, False)
    assert same == first
    assert marks.all() == (first, known)
    assert (first.reason, first.name, first.created_at) == ("noise since 2024", "Maya", NOW)


def test_a_mark_is_taken_back_once_and_can_be_set_again(engine: Engine) -> None:
    marks = LogMarks(engine)
    first, _ = marks.add(MARK)
    assert marks.take_back(first.mark_id, "Jonas", NOW) == first
    assert marks.take_back(first.mark_id, "Jonas", NOW) is None
    assert marks.take_back(99, "Jonas", NOW) is None
    assert marks.all() == ()
    second, is_new = marks.add(MARK)
    assert is_new
    assert second.mark_id != first.mark_id


def test_the_migrations_make_exactly_the_tables(engine: Engine) -> None:
    assert differences(engine) == ()

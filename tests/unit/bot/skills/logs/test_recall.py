"""What an answer is asked afterwards, without Slack: real files and a real database."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.messages import (
    Actor,
    ActorKind,
    Attached,
    Attachment,
    Choices,
    Excerpt,
    Note,
    Phase,
    Prose,
    Reply,
    Request,
    ThreadRef,
)
from bot.settings import LogSettings
from bot.skills.logs import LogsSkill
from bot.skills.logs.book import LogBook
from bot.skills.logs.orders import CompareYesterday, MoreContext, SetMark, order_text
from bot.store.engine import open_database
from bot.store.log_answers import LogAnswers
from bot.store.log_marks import LogMarks, MarkKind
from inference.request import Ended, Event, GenerateRequest, Outcome

NOW = datetime(2026, 11, 21, 8, 5, tzinfo=UTC)
MAYA = Actor(user_id="U1", team_id="T1", name="Maya")
ASKED = Request(
    request_id="C1-1.0",
    text="why is shop failing?",
    actor=MAYA,
    thread=ThreadRef("C1", "1.0"),
    received_at=NOW,
)


class Silent:
    """A model that says nothing."""

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        yield Ended(outcome=Outcome.FINISHED, reason="")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    lines: list[str] = []
    for second in range(240):
        at = f"{NOW - timedelta(seconds=240 - second):%Y-%m-%dT%H:%M:%S}Z"
        lines.append(f"{at} INFO shop GET /x 200 {second} ms")
        if second >= 180:
            lines.append(f"{at} ERROR shop pool exhausted, {second} waiting")
    path = tmp_path / "shop.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    return path


@pytest.fixture
def book(tmp_path: Path) -> Iterator[LogBook]:
    database = open_database(f"sqlite:///{tmp_path / 'opsbot.db'}")
    yield LogBook(answers=LogAnswers(database), marks=LogMarks(database))
    database.dispose()


@pytest.fixture
def skill(log: Path, book: LogBook) -> LogsSkill:
    settings = LogSettings(sources={"shop": (str(log),)}, window_s=120)
    return LogsSkill(settings, Silent(), model_name="tiny", book=book)


async def replies(skill: LogsSkill, request: Request = ASKED) -> list[Reply]:
    events = [event async for event in skill.answer(request, ())]
    return [event for event in events if isinstance(event, Reply)]


async def say(skill: LogsSkill, text: str, actor: Actor = MAYA) -> Reply:
    asked = replace(ASKED, request_id="C1-2.0", text=text, actor=actor)
    return (await replies(skill, asked))[-1]


def rewrite(log: Path) -> None:
    log.write_text("2026-11-21T08:05:00Z INFO shop all new\n", encoding="utf-8")


def labels(reply: Reply) -> list[str]:
    rows = (part for part in reply.parts if isinstance(part, Choices))
    return [option.label for row in rows for option in row.options]


def words(reply: Reply) -> str:
    return "\n".join(part.text for part in reply.parts if isinstance(part, (Prose, Note)))


async def test_buttons_come_with_the_last_state_only(skill: LogsSkill) -> None:
    shown = await replies(skill)
    assert [labels(reply) for reply in shown if reply.phase is Phase.WORKING] == [[]]
    assert labels(shown[-1]) == [
        "More context",
        "Compare with yesterday",
        "Ignore this template…",
    ]


async def test_a_terminal_has_no_buttons_and_nothing_is_kept(
    skill: LogsSkill, book: LogBook
) -> None:
    shown = await replies(skill, replace(ASKED, thread=ThreadRef("", "x")))
    assert labels(shown[-1]) == []
    assert book.answers.find(ASKED.request_id) is None


async def test_files_are_offered_after_the_answer(skill: LogsSkill) -> None:
    events = [event async for event in skill.answer(ASKED, ())]
    assert isinstance(events[-1], Attached)
    assert [file.title for file in events[-1].make()] == ["Timeline of errors", "Full log report"]


async def test_without_lines_yesterday_nothing_is_called_new(skill: LogsSkill) -> None:
    await replies(skill)
    compared = await say(skill, order_text(CompareYesterday(ASKED.request_id)))
    assert "nothing to compare with" in words(compared)
    assert "read 180 = " in words(compared)


async def test_more_context_of_an_upload_comes_from_what_was_kept(skill: LogsSkill) -> None:
    upload = Attachment(name="ci.log", text="one\ntwo\nerror: no module x\nfour\n")
    await replies(skill, replace(ASKED, attachments=(upload,)))
    more = await say(skill, order_text(MoreContext(ASKED.request_id)))
    (excerpt,) = (part for part in more.parts if isinstance(part, Excerpt))
    assert excerpt.lines == ((1, "one"), (2, "two"), (3, "error: no module x"), (4, "four"))


async def test_a_line_that_is_gone_is_said_to_be_gone(skill: LogsSkill, log: Path) -> None:
    await replies(skill)
    rewrite(log)
    more = await say(skill, order_text(MoreContext(ASKED.request_id)))
    assert "no longer there" in words(more)
    assert not any(isinstance(part, Excerpt) for part in more.parts)


async def test_the_healthy_answer_counts_what_is_ignored(skill: LogsSkill, book: LogBook) -> None:
    await replies(skill)
    mark = SetMark(request_id=ASKED.request_id, number=1, kind=MarkKind.IGNORED, reason="load test")
    await say(skill, order_text(mark))
    (again,) = await replies(skill, replace(ASKED, request_id="C1-3.0"))
    assert "Nothing unusual" in words(again)
    assert "60 lines of 1 ignored template" in words(again)
    assert "read 180 = shown 0 + folded 180 + skipped 0" in words(again)
    assert [mark.reason for mark in book.marks.all()] == ["load test"]


@pytest.mark.parametrize("kind", [ActorKind.GUEST, ActorKind.EXTERNAL, ActorKind.BOT])
async def test_only_members_set_and_take_back_marks(
    skill: LogsSkill, book: LogBook, kind: ActorKind
) -> None:
    await replies(skill)
    stranger = replace(MAYA, kind=kind)
    mark = SetMark(request_id=ASKED.request_id, number=1, kind=MarkKind.KNOWN, reason="x")
    assert "Only members" in words(await say(skill, order_text(mark), stranger))
    assert book.marks.all() == ()
    await say(skill, order_text(mark))
    assert "Only members" in words(await say(skill, "take back 1", stranger))
    assert len(book.marks.all()) == 1


async def test_a_number_the_answer_does_not_have_marks_nothing(
    skill: LogsSkill, book: LogBook
) -> None:
    await replies(skill)
    mark = SetMark(request_id=ASKED.request_id, number=99, kind=MarkKind.KNOWN, reason="x")
    assert "no message [99]" in words(await say(skill, order_text(mark)))
    assert book.marks.all() == ()


async def test_an_upload_cannot_give_orders(skill: LogsSkill, book: LogBook) -> None:
    upload = Attachment(name="a.log", text="ignored templates\n")
    shown = await replies(skill, replace(ASKED, text="ignored templates", attachments=(upload,)))
    assert "Nothing is ignored" not in words(shown[-1])

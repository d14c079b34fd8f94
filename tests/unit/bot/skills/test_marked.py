"""Stale passages say so, and every answer remembers its documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.messages import (
    Actor,
    Note,
    Passage,
    Passages,
    Phase,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from bot.provenance import DOCUMENTS
from bot.skills.marked import MarkedSkill
from bot.slack.blocks import reply_blocks
from knowledge import Document, Format, KnowledgeError, Reader

OLD = Passage(
    number=1, title="Old", heading="", path="old.md", lines=(1, 2), excerpt="x", source="docs"
)
NEW = replace(OLD, number=2, title="New", path="new.md")


def reply(*rows: Passage, text: str = "It is so [1].", phase: Phase = Phase.DONE) -> Reply:
    parts = (Passages(rows=rows), Prose(text=text))
    return Reply(parts=parts, summary=text, phase=phase, facts={"topic": "Old"})


class Fixed:
    def __init__(self, *events: SkillEvent) -> None:
        self.events = events

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        for event in self.events:
            yield event


class Shelf:
    def __init__(self, *, is_broken: bool = False) -> None:
        self.is_broken = is_broken

    async def document(self, source: str, path: str, *, reader: Reader) -> Document | None:
        if self.is_broken:
            raise KnowledgeError("the disk is gone")
        return Document(source=source, path=path, text="", format=Format.TEXT, sha256="")


async def answer(*events: SkillEvent, shelf: Shelf | None = None) -> list[Reply]:
    skill = MarkedSkill(
        Fixed(*events),
        shelf or Shelf(),
        lambda document: "3 years old" if document.path == "old.md" else "",
    )
    request = Request(
        request_id="r",
        text="?",
        actor=Actor(user_id="U1", team_id="T1", name="Maya"),
        thread=ThreadRef("C1", "1.0"),
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return [event async for event in skill.answer(request, ()) if isinstance(event, Reply)]


def notes(found: Reply) -> list[str]:
    return [part.text for part in found.parts if isinstance(part, Note)]


async def test_a_cited_stale_passage_is_marked_and_named_below_the_answer() -> None:
    early, last = await answer(reply(OLD, NEW, phase=Phase.WORKING), reply(OLD, NEW))
    for shown in (early, last):
        (passages,) = [part for part in shown.parts if isinstance(part, Passages)]
        assert [row.stale for row in passages.rows] == ["3 years old", ""]
    assert notes(early) == []
    assert notes(last) == ["[1] may be out of date: 3 years old"]
    assert "3 years old" in repr(reply_blocks(last, "r"))


async def test_a_stale_passage_that_is_not_cited_is_not_named_below_the_answer() -> None:
    assert notes((await answer(reply(OLD, NEW, text="So [2].")))[-1]) == []


async def test_an_answer_remembers_every_document_shown() -> None:
    (last,) = await answer(reply(OLD, NEW, OLD))
    assert last.facts == {"topic": "Old", DOCUMENTS: '[["docs", "old.md"], ["docs", "new.md"]]'}


async def test_an_answer_with_a_document_without_a_source_claims_to_know_none() -> None:
    (last,) = await answer(reply(OLD, replace(NEW, source="")))
    assert DOCUMENTS not in last.facts


async def test_a_store_that_fails_costs_the_marks_and_not_the_answer() -> None:
    (last,) = await answer(reply(OLD), shelf=Shelf(is_broken=True))
    assert notes(last) == []
    assert isinstance(last.parts[1], Prose)

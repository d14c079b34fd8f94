"""After the evidence comes the way out, and files do not hold it up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest

from bot.messages import (
    Actor,
    Attached,
    Attachment,
    Phase,
    Proposed,
    Prose,
    Reply,
    Request,
    SkillEvent,
    ThreadRef,
    Turn,
)
from bot.skills.incident import IncidentSkill

FILES = Attached(make=tuple)


def request(*attachments: Attachment) -> Request:
    return Request(
        request_id="r1",
        text="why?",
        actor=Actor(user_id="U1", team_id="T1", name="Maya"),
        thread=ThreadRef("C1", "1.0"),
        received_at=datetime(2026, 3, 1, tzinfo=UTC),
        attachments=attachments,
    )


class ScriptedLogs:
    def __init__(self, phase: Phase) -> None:
        self.reply = Reply(parts=(Prose(text="x"),), summary="x", phase=phase)

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        yield self.reply
        yield FILES


async def suggest(request: Request, facts: Mapping[str, str]) -> AsyncIterator[SkillEvent]:
    yield Proposed(proposal_id=7)


async def kinds(asked: Request, phase: Phase = Phase.DONE) -> list[type]:
    skill = IncidentSkill(ScriptedLogs(phase), suggest)
    return [type(event) async for event in skill.answer(asked, ())]


async def test_the_proposal_comes_before_the_files() -> None:
    assert await kinds(request()) == [Reply, Proposed, Attached]


@pytest.mark.parametrize("phase", [Phase.WORKING, Phase.FAILED])
async def test_an_answer_that_did_not_end_well_proposes_nothing(phase: Phase) -> None:
    assert await kinds(request(), phase) == [Reply, Attached]


async def test_what_was_uploaded_proposes_nothing_and_has_its_files() -> None:
    upload = Attachment(name="a.log", text="x")
    assert await kinds(request(upload)) == [Reply, Attached]


async def test_only_the_finished_answer_is_offered_a_way_further() -> None:
    def offer(_request: Request, reply: Reply) -> Reply:
        return Reply(parts=reply.parts, summary="offered")

    for phase, summary in ((Phase.DONE, "offered"), (Phase.WORKING, "x")):
        skill = IncidentSkill(ScriptedLogs(phase), suggest, offer)
        replies = [each async for each in skill.answer(request(), ()) if isinstance(each, Reply)]
        assert [each.summary for each in replies] == [summary]

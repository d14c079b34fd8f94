"""Threads are learned when a person keeps them; files come and go; verdicts and gaps are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.access import private_group
from bot.note_desk import NoteRefusedError
from bot.skills.learn.actions import NOTE_ACTION
from bot.workspace import seed
from bot.workspace.interactions import Press
from bot.workspace.records import Message
from bot.workspace.server import running_workspace
from knowledge import ANYBODY, OWNER, KnowledgeBase

from .knowledge_bot import knowledge_bot_on
from .visitor import Visitor, shown

KEEP, EDIT, DISCARD = (f"{NOTE_ACTION}:{number}" for number in range(3))
RUNBOOK = b"# Samovar care\n\nDescale the samovar with citric acid every month.\n"


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


async def summary(visitor: Visitor) -> tuple[Message, Message]:
    """A thread in which something was found out, and its summary."""
    first = visitor.say(seed.MAYA, "the samovar in the kitchen leaks since nine")
    visitor.say(seed.JONAS, "the cause was a cracked gasket; password=hunter2hunter2", first.ts)
    visitor.say(seed.MAYA, "fixed by a new gasket from drawer 7", first.ts)
    visitor.mention(seed.MAYA, "learn this thread", first.ts)
    return first, await visitor.sees(first.ts, lambda text: "not learned yet" in text)


async def learned(base: KnowledgeBase, first: Message) -> str:
    place = f"{first.channel_id}/{first.ts}"
    found = await base.document("threads", place, reader=ANYBODY)
    return found.text if found is not None else ""


async def test_nothing_is_learned_before_a_member_keeps_it_and_then_it_is_found(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path) as bot:
        first, card = await summary(visitor)
        assert "cracked gasket" in shown(card)
        assert "hunter2" not in shown(card)
        assert "everybody will find it" in shown(card)
        await visitor.press(seed.GUEST, card, KEEP)
        await visitor.whispered(seed.GUEST, lambda text: "only members" in text)
        await visitor.press(seed.PARTNER, card, KEEP)
        await visitor.whispered(seed.PARTNER, lambda text: "only members" in text)
        assert not await learned(bot.base, first)
        await visitor.press(seed.JONAS, card, KEEP)
        kept = await visitor.sees(first.ts, lambda text: "Jonas Weber confirmed" in text)
        assert NOTE_ACTION not in repr(kept.blocks)
        assert "drawer 7" in await learned(bot.base, first)
        found = await bot.base.search("samovar gasket", reader=ANYBODY)
        assert found.hits[0].metadata.owner == "Jonas Weber"
        assert first.ts.replace(".", "") in found.hits[0].metadata.url
        asked = visitor.mention(seed.PRIYA, "why did the samovar leak?")
        await visitor.sees(asked.ts, lambda text: "cracked gasket" in text)


async def test_an_edited_summary_is_what_is_learned_and_learning_again_replaces_it(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path) as bot:
        first, card = await summary(visitor)
        await visitor.press(seed.MAYA, card, EDIT)
        values = {"title": {"title": "Leaking samovar"}, "text": {"text": "Buy token=abcd1234efgh"}}
        await visitor.submits(seed.MAYA, values)
        edited = await visitor.sees(first.ts, lambda text: "edited by Maya Chen" in text)
        await visitor.press(seed.MAYA, edited, KEEP)
        await visitor.sees(first.ts, lambda text: "Maya Chen confirmed" in text)
        text = await learned(bot.base, first)
        assert text.startswith("# Leaking samovar")
        assert "abcd1234efgh" not in text
        visitor.mention(seed.MAYA, "learn this thread", first.ts)
        again = await visitor.sees(first.ts, lambda text: "not learned yet" in text)
        await visitor.press(seed.MAYA, again, KEEP)
        await visitor.workspace.wait_for_message(
            lambda one: one.ts == again.ts and "confirmed" in shown(one), 10
        )
        assert "Leaking samovar" not in await learned(bot.base, first)
        assert len(await bot.base.catalogue()) == 1


async def test_a_discarded_summary_is_gone_and_cannot_be_kept(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path) as bot:
        first, card = await summary(visitor)
        await visitor.press(seed.MAYA, card, DISCARD)
        gone = await visitor.sees(first.ts, lambda text: "Discarded by Maya Chen" in text)
        assert "gasket" not in shown(gone)
        with pytest.raises(NoteRefusedError, match="discarded already"):
            await bot.desks.notes.keep(1, seed.MAYA, "Maya Chen")
        assert not await learned(bot.base, first)


async def test_what_a_cleared_channel_said_is_found_only_by_its_group(
    visitor: Visitor, tmp_path: Path
) -> None:
    access = {"users": {"kitchen": [seed.MAYA]}, "channels": {"kitchen": [seed.INCIDENTS]}}
    async with knowledge_bot_on(visitor.workspace, tmp_path, access=access) as bot:
        first, card = await summary(visitor)
        assert "only the group kitchen" in shown(card)
        await visitor.press(seed.JONAS, card, KEEP)
        await visitor.sees(first.ts, lambda text: "confirmed" in text)
        assert not await learned(bot.base, first)
        assert (await bot.base.search("samovar gasket")).hits == ()
        asked = visitor.mention(seed.MAYA, "why did the samovar leak?")
        await visitor.sees(asked.ts, lambda text: "gasket" in text)
        other = visitor.mention(seed.PRIYA, "why did the samovar leak?")
        refused = await visitor.sees(other.ts, lambda text: "knowledge base" in text)
        assert "gasket" not in shown(refused)


async def test_a_channel_of_several_groups_keeps_what_was_said_to_itself(
    visitor: Visitor, tmp_path: Path
) -> None:
    both = {"kitchen": [seed.INCIDENTS], "office": [seed.INCIDENTS]}
    async with knowledge_bot_on(visitor.workspace, tmp_path, access={"channels": both}) as bot:
        _first, card = await summary(visitor)
        await visitor.press(seed.JONAS, card, KEEP)
        await visitor.workspace.wait_for_message(lambda one: "confirmed" in shown(one), 10)
        ((_source, _path, metadata),) = await bot.base.catalogue()
        assert metadata.groups == {private_group(seed.INCIDENTS)}


async def test_a_file_in_the_knowledge_channel_is_indexed_replaced_and_removed(
    visitor: Visitor, tmp_path: Path
) -> None:
    people = visitor.workspace.people

    def post(user_id: str, name: str, content: bytes) -> Message:
        file = people.upload(user_id, name, content)
        return people.say(user_id, seed.INCIDENTS, "", None, (file.file_id,))

    settings = {"upload_channel": seed.INCIDENTS}
    async with knowledge_bot_on(visitor.workspace, tmp_path, **settings) as bot:
        by_guest = post(seed.GUEST, "guest.md", RUNBOOK)
        await visitor.sees(by_guest.ts, lambda text: "only members" in text)
        binary = post(seed.MAYA, "kettle.md", b"\x00\x01\x02")
        await visitor.sees(binary.ts, lambda text: "Not indexed" in text and "binary" in text)
        unknown = post(seed.MAYA, "kettle.exe", b"MZ")
        await visitor.sees(unknown.ts, lambda text: "Not indexed" in text)
        assert await bot.base.catalogue() == ()
        old = post(seed.MAYA, "samovar.md", RUNBOOK)
        await visitor.sees(old.ts, lambda text: "Indexed" in text and "1 new passage" in text)
        new = post(seed.JONAS, "samovar.md", RUNBOOK.replace(b"month", b"week"))
        await visitor.sees(new.ts, lambda text: "Indexed" in text)
        ((_, path, metadata),) = await bot.base.catalogue()
        assert (path, metadata.owner) == ("samovar.md", "Jonas Weber")
        people.delete(seed.MAYA, seed.INCIDENTS, old.ts)
        found = await bot.base.document("uploads", "samovar.md", reader=OWNER)
        assert found is not None
        assert "every week" in found.text
        people.delete(seed.JONAS, seed.INCIDENTS, new.ts)
        await until_empty(bot.base)


async def until_empty(base: KnowledgeBase) -> None:
    async with asyncio.timeout(10):
        while await base.catalogue():  # noqa: ASYNC110 - nothing announces the end of a removal
            await asyncio.sleep(0.05)


async def test_a_refusal_is_a_gap_and_a_verdict_keeps_question_and_passages(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path, upload_channel=seed.INCIDENTS) as bot:
        file = visitor.workspace.people.upload(seed.MAYA, "samovar.md", RUNBOOK)
        posted = visitor.workspace.people.say(seed.MAYA, seed.INCIDENTS, "", None, (file.file_id,))
        await visitor.sees(posted.ts, lambda text: "Indexed" in text)
        asked = visitor.mention(seed.MAYA, "descale the samovar with citric acid?")
        answer = await visitor.sees(asked.ts, lambda text: "not_helpful" in text or "bad " in text)
        await judge(visitor, seed.JONAS, answer, "bad")
        unknown = visitor.mention(seed.MAYA, "qwerty parking lots token=abcd1234efgh5678")
        await visitor.sees(unknown.ts, lambda text: "Nothing in the knowledge base" in text)
        (gap,) = bot.answers.refusals()
        assert "parking lots" in gap.question
        assert "abcd1234" not in gap.question
        (judged,) = bot.answers.judged()
        assert (judged.n_good, judged.n_bad) == (0, 1)
        assert judged.answer.question == "descale the samovar with citric acid?"
        assert [passage.path for passage in judged.answer.passages] == ["samovar.md"]


async def judge(visitor: Visitor, user_id: str, answer: Message, verdict: str) -> None:
    """Press Helpful or Not helpful."""
    block = next(block for block in answer.blocks if block["type"] == "context_actions")
    press = Press(
        user_id=user_id,
        block_id=str(block["block_id"]),
        action_id="feedback",
        selection={"value": f"{verdict} {answer.channel_id}-{answer.thread_ts}"},
        values={},
    )
    await visitor.workspace.interactions.press(press, answer.channel_id, answer.ts)

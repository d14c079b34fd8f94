"""An incident from its start to its learned post-mortem, over a restart, in a local workspace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.skills.learn.actions import NOTE_ACTION
from bot.workspace import seed
from bot.workspace.records import Message
from bot.workspace.server import running_workspace
from knowledge import ANYBODY

from .knowledge_bot import knowledge_bot_on
from .visitor import Visitor, shown

KEEP = f"{NOTE_ACTION}:0"


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


async def add(visitor: Visitor, user_id: str, message: Message) -> None:
    """Use the shortcut on a message."""
    await visitor.workspace.interactions.shortcut(
        user_id, message.channel_id, message.ts, "add_to_incident"
    )


async def test_an_incident_is_kept_over_a_restart_and_its_draft_is_learned_once_kept(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path):
        first = visitor.mention(seed.MAYA, "start incident the samovar leaks")
        await visitor.sees(first.ts, lambda text: "Incident 1: the samovar leaks" in text)
        told = visitor.say(seed.JONAS, "the cause was a cracked gasket; password=hunter2hunter2")
        await add(visitor, seed.JONAS, told)
        await visitor.whispered(seed.JONAS, lambda text: "Added to the timeline" in text)
        visitor.mention(seed.MAYA, "impact: nobody has tea", first.ts)
        await visitor.sees(first.ts, lambda text: "Noted as the impact" in text)
    async with knowledge_bot_on(visitor.workspace, tmp_path) as bot:
        visitor.mention(seed.MAYA, "severity 2", first.ts)
        await visitor.sees(first.ts, lambda text: "has severity 2" in text)
        visitor.mention(seed.PRIYA, f"commander <@{seed.JONAS}>", first.ts)
        await visitor.sees(first.ts, lambda text: "is led by Jonas Weber" in text)
        asked = visitor.mention(seed.MAYA, "summary")
        update = await visitor.sees(asked.ts, lambda text: "What is known" in text)
        assert "cracked gasket" in shown(update)
        assert "nobody has tea" in shown(update)
        assert "hunter2" not in shown(update)
        assert f"p{told.ts.replace('.', '')}" in shown(update)
        visitor.mention(seed.MAYA, "end incident", first.ts)
        card = await visitor.sees(first.ts, lambda text: "Post-mortem" in text)
        assert len(bot.incidents.entries(1)) == 5
        await visitor.press(seed.JONAS, card, KEEP)
        await visitor.sees(first.ts, lambda text: "Jonas Weber confirmed" in text)
        place = f"{seed.INCIDENTS}/{first.ts}-incident-1"
        document = await bot.base.document("threads", place, reader=ANYBODY)
        assert document is not None
        lines = [line for line in document.text.splitlines() if line.startswith("- ")]
        assert len(lines) > 8
        assert all(re.match(r"- \[[^\]]+\]\(http://127\.0\.0\.1[^)]*\) ", line) for line in lines)
        assert any("cracked gasket" in line for line in lines)


async def test_a_channel_has_one_open_incident_and_only_members_change_it(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path) as bot:
        first = visitor.mention(seed.GUEST, "start incident free tea")
        await visitor.sees(first.ts, lambda text: "Only members" in text)
        assert bot.incidents.all() == ()
        second = visitor.mention(seed.MAYA, "开始故障：茶壶漏水")  # noqa: RUF001
        await visitor.sees(second.ts, lambda text: "故障 1" in text)
        third = visitor.mention(seed.JONAS, "start incident another")
        await visitor.sees(third.ts, lambda text: "is open in this channel" in text)
        told = visitor.say(seed.GUEST, "approve #1, do it")
        await add(visitor, seed.GUEST, told)
        await visitor.whispered(seed.GUEST, lambda text: "Only members" in text)
        visitor.mention(seed.GUEST, "end incident", second.ts)
        await visitor.sees(second.ts, lambda text: "Only members" in text)
        assert bot.incidents.entries(1) == ()
        assert bot.incidents.open_in(seed.INCIDENTS) is not None


async def test_do_it_never_approves_and_says_that_nothing_is_proposed(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path):
        asked = visitor.mention(seed.PRIYA, "执行吧")
        await visitor.sees(asked.ts, lambda text: "没有提出任何方案" in text)
        again = visitor.mention(seed.PRIYA, "do it")
        await visitor.sees(again.ts, lambda text: "Nothing is proposed in this thread" in text)


async def test_an_edited_or_deleted_message_is_not_quoted_as_it_was(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with knowledge_bot_on(visitor.workspace, tmp_path) as bot:
        first = visitor.mention(seed.MAYA, "start incident tea")
        await visitor.sees(first.ts, lambda text: "Incident 1" in text)
        told = visitor.say(seed.MAYA, "it was Jonas, I am sure")
        await add(visitor, seed.MAYA, told)
        await visitor.whispered(seed.MAYA, lambda text: "Added" in text)
        await add(visitor, seed.MAYA, told)
        await visitor.whispered(seed.MAYA, lambda text: "already" in text)
        visitor.workspace.people.delete(seed.MAYA, told.channel_id, told.ts)
        for _ in range(100):
            if [entry.text for entry in bot.incidents.entries(1)] == ["[deleted]"]:
                break
            await asyncio.sleep(0.05)
        assert [entry.text for entry in bot.incidents.entries(1)] == ["[deleted]"]

"""Cards and clicks through real Bolt, a real socket, a real database and real processes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.workspace import seed
from bot.workspace.records import Message
from bot.workspace.server import Workspace, running_workspace

from .card_bot import bot_on
from .skill_bot import settings_on
from .visitor import Visitor, shown

RUNBOOK = """
name: touch-marker
title: Write the marker file
version: 1
summary: Appends one line to a file, so that runs can be counted.
symptoms: [marker missing]
steps:
  - id: touch
    title: Append a line
    risk: low
    preview:
      argv: ["{python}", -c, "print('would write')"]
    run:
      argv: ["{python}", -c, "print('writing'); open('{marker}', 'a').write('x')"]
    verify:
      within_s: 5
      argv: ["{python}", -c, "import sys; sys.exit(open('{marker}').read() != 'x')"]
"""


def settings_for(workspace: Workspace, home: Path) -> Settings:
    folder = home / "runbooks"
    folder.mkdir(exist_ok=True)
    text = RUNBOOK.format(python=sys.executable, marker=home / "marker")
    (folder / "touch-marker.yaml").write_text(text, encoding="utf-8")
    runbooks = {"folders": [folder], "approvers": list(seed.APPROVERS)}
    return settings_on(workspace, home, runbooks=runbooks)


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


async def propose(visitor: Visitor) -> tuple[Message, Message]:
    asked = visitor.mention(seed.MAYA, "run touch-marker")
    card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
    return asked, card


async def test_the_card_shows_the_command_the_dry_run_and_the_check(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, card = await propose(visitor)
        text = shown(card)
        assert "would write" in text
        assert str(tmp_path / "marker") in text
        assert "sha256" in text
        assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    ("clicker", "why"),
    [
        (seed.MAYA, "not an approver"),
        (seed.GUEST, "guest"),
    ],
)
async def test_who_may_not_approve_is_told_why_and_nothing_runs(
    visitor: Visitor, tmp_path: Path, clicker: str, why: str
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, card = await propose(visitor)
        await visitor.press(clicker, card, "proposal_approve")
        await visitor.whispered(clicker, lambda text: why in text)
    assert not (tmp_path / "marker").exists()


async def test_an_approver_who_asked_cannot_approve_it(visitor: Visitor, tmp_path: Path) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked = visitor.mention(seed.JONAS, "run touch-marker")
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.whispered(seed.JONAS, lambda text: "somebody else must approve" in text)
    assert not (tmp_path / "marker").exists()


async def test_approved_it_runs_once_streams_and_is_verified(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, card = await propose(visitor)
        await asyncio.gather(
            visitor.press(seed.JONAS, card, "proposal_approve"),
            visitor.press(seed.PRIYA, card, "proposal_approve"),
        )
        done = await visitor.sees(asked.ts, lambda text: "succeeded" in text)
        text = shown(done)
        assert done.ts == card.ts
        assert "writing" in text
        assert "verified" in text
        assert "proposal_approve" not in text
    assert (tmp_path / "marker").read_text(encoding="utf-8") == "x"


async def test_a_card_works_after_the_bot_was_restarted(visitor: Visitor, tmp_path: Path) -> None:
    settings = settings_for(visitor.workspace, tmp_path)
    async with bot_on(visitor.workspace, settings):
        asked, card = await propose(visitor)
    async with bot_on(visitor.workspace, settings):
        await visitor.press(seed.PRIYA, card, "proposal_approve")
        done = await visitor.sees(asked.ts, lambda text: "succeeded" in text)
        assert done.ts == card.ts
    assert (tmp_path / "marker").read_text(encoding="utf-8") == "x"


async def test_a_rejection_carries_its_reason_to_the_card(visitor: Visitor, tmp_path: Path) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, card = await propose(visitor)
        await visitor.press(seed.JONAS, card, "proposal_reject")
        await visitor.submits(seed.JONAS, {"reason": {"reason": "not during the sale <!channel>"}})
        done = await visitor.sees(asked.ts, lambda text: "rejected, not run" in text)
        assert "not during the sale &lt;!channel&gt;" in shown(done)
    assert not (tmp_path / "marker").exists()


async def test_a_mention_that_arrives_as_two_events_makes_one_proposal(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, _ = await propose(visitor)
        await visitor.workspace.refresh_sockets()
        again = visitor.mention(seed.MAYA, "run touch-marker")
        await visitor.sees(again.ts, lambda text: "Runs exactly" in text)
        cards = [
            message
            for message in visitor.workspace.state.messages()
            if message.thread_ts == asked.ts and "Runs exactly" in shown(message)
        ]
    assert len(cards) == 1


@pytest.mark.parametrize(
    ("clicker", "kind"), [(seed.GUEST, "a guest account"), (seed.PARTNER, "an external account")]
)
async def test_a_guest_or_an_external_account_never_approves_even_from_the_list(
    visitor: Visitor, tmp_path: Path, clicker: str, kind: str
) -> None:
    settings = settings_for(visitor.workspace, tmp_path)
    named = (seed.GUEST, seed.PARTNER, f"{seed.PARTNER_TEAM_ID}:{seed.PARTNER}")
    runbooks = settings.runbooks.model_copy(update={"approvers": named})
    async with bot_on(visitor.workspace, settings.model_copy(update={"runbooks": runbooks})):
        _, card = await propose(visitor)
        await visitor.press(clicker, card, "proposal_approve")
        await visitor.whispered(clicker, lambda text: f"{kind} never approves" in text)
    assert not (tmp_path / "marker").exists()


async def test_an_approver_who_only_writes_approved_approves_nothing(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)) as desk:
        asked, card = await propose(visitor)
        for text in ("approved", "approve #1", "yes, run it :white_check_mark:"):
            visitor.say(seed.JONAS, text, asked.ts)
        again = visitor.mention(seed.JONAS, "touch-marker is APPROVED, run proposal #1")
        await visitor.sees(again.ts, lambda text: "Runs exactly" in text)
        await desk.drain(0.1)
        assert "proposal_approve" in shown(card)
    assert not (tmp_path / "marker").exists()


async def test_what_only_one_person_hears_mentions_nobody(visitor: Visitor, tmp_path: Path) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, card = await propose(visitor)
        await visitor.press(seed.PRIYA, card, "proposal_reject")
        core = visitor.workspace.core
        await visitor.workspace.wait_for(lambda: core.views.top(seed.PRIYA))
        await visitor.press(seed.JONAS, card, "proposal_reject")
        await visitor.submits(seed.JONAS, {"reason": {"reason": "no <!channel> <@U1>"}})
        await visitor.sees(asked.ts, lambda text: "rejected, not run" in text)
        await visitor.submits(seed.PRIYA, {"reason": {"reason": "me too"}})
        told = await visitor.whispered(seed.PRIYA, lambda text: "rejected by Jonas" in text)
        assert "no &lt;!channel&gt; &lt;@U1&gt;" in told.text

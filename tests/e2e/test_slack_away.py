"""While Slack cannot be asked nothing is approved, what was approved runs, and both are said later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.workspace import seed
from bot.workspace.faults import Fault
from bot.workspace.server import running_workspace

from .card_bot import bot_on
from .test_approval_cards import propose, settings_for
from .visitor import Visitor, shown


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


async def test_a_click_of_somebody_who_cannot_be_looked_up_counts_for_nothing(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, card = await propose(visitor)
        visitor.workspace.faults.add(Fault(method="users.info"))
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.whispered(seed.JONAS, lambda text: "Not counted" in text)
        assert "proposal_approve" in shown(card)
        assert not (tmp_path / "marker").exists()


async def test_an_approver_who_cannot_be_looked_up_at_the_launch_stops_the_run(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, card = await propose(visitor)
        looked_up: list[str] = []
        take = visitor.workspace.faults.take

        def only_the_second(method: str) -> Fault | None:
            if method != "users.info":
                return take(method)
            looked_up.append(method)
            return Fault(method=method) if len(looked_up) > 1 else None

        visitor.workspace.faults.take = only_the_second
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.sees(asked.ts, lambda text: "rejected, not run" in text)
    assert not (tmp_path / "marker").exists()


async def test_a_run_goes_on_without_slack_and_its_card_is_mended_later(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)) as desk:
        asked, card = await propose(visitor)
        fault = Fault(method="chat.update", times=1000)
        visitor.workspace.faults.add(fault)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.workspace.wait_for(lambda: (tmp_path / "marker").exists() or None)
        await desk.drain(10)
        assert "proposal_approve" in shown(card)
        fault.times = 0
        await desk.catch_up()
        done = await visitor.sees(asked.ts, lambda text: "succeeded" in text)
        assert done.ts == card.ts
        assert "proposal_approve" not in shown(done)
    assert (tmp_path / "marker").read_text(encoding="utf-8") == "x"

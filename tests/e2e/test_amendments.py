"""Edit, Undo and Break glass through real Bolt, a real socket and real processes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from bot.workspace import seed
from bot.workspace.records import Message
from bot.workspace.server import Workspace, running_workspace

from .card_bot import bot_on
from .visitor import Visitor, shown

RUNBOOK = """
name: write-word
title: Write a word
version: 1
summary: Appends a word to a file.
symptoms: [word missing]
parameters:
  word: {{type: string, description: what to write, pattern: '[a-z]+', default: hello}}
  loud: {{type: boolean, description: in capitals, default: false}}
steps:
  - id: write
    title: Append {{{{ word }}}}
    risk: low
    run:
      argv: ["{python}", -c, "import sys; open(sys.argv[1], 'a').write(sys.argv[2])", "{marker}",
             "{{{{ word }}}}"]
    rollback:
      argv: ["{python}", -c, "import sys; open(sys.argv[1], 'w').close()", "{marker}"]
"""
POLICY = f"""
version: 1
roles:
  oncall: {{groups: [{seed.DB_ONCALL}]}}
rules:
  - {{approvers: [oncall]}}
break_glass: {{roles: [oncall]}}
"""
FREEZE = """
freezes:
  - {name: sale, from: 2020-01-01T00:00, until: 2120-01-01T00:00, reason: "sale <!channel>"}
"""


def settings_for(workspace: Workspace, home: Path, policy: str = POLICY) -> Settings:
    folder = home / "runbooks"
    folder.mkdir(exist_ok=True)
    text = RUNBOOK.format(python=sys.executable, marker=home / "marker")
    (folder / "write-word.yaml").write_text(text, encoding="utf-8")
    path = home / "policy.yaml"
    path.write_text(policy, encoding="utf-8")
    path.chmod(0o644)
    return load_settings(
        home=home,
        slack={
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "api_url": workspace.api_url,
            "edit_interval_s": 0.05,
        },
        runbooks={"folders": [folder], "policy_file": path},
    )


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


async def propose(visitor: Visitor) -> tuple[Message, Message]:
    asked = visitor.mention(seed.MAYA, "run write-word")
    card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
    return asked, card


async def test_edited_parameters_make_a_new_card_and_the_old_one_says_so(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked, card = await propose(visitor)
        await visitor.press(seed.JONAS, card, "proposal_edit")
        await visitor.submits(seed.JONAS, {"word": {"word": "bye"}, "loud": {"loud": "false"}})
        new = await visitor.sees(asked.ts, lambda text: "Proposal #2" in text)
        assert " bye" in shown(new)
        assert "not the requester (Jonas Weber)" in shown(new)
        await visitor.sees(asked.ts, lambda text: "replaced by proposal #2" in text)
        await visitor.press(seed.JONAS, new, "proposal_approve")
        await visitor.whispered(seed.JONAS, lambda text: "somebody else must approve" in text)
        await visitor.press(seed.PRIYA, new, "proposal_approve")
        await visitor.sees(asked.ts, lambda text: "succeeded" in text)
    assert (tmp_path / "marker").read_text(encoding="utf-8") == "bye"


async def test_a_wrong_value_is_refused_in_the_form_and_nothing_is_replaced(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, card = await propose(visitor)
        await visitor.press(seed.JONAS, card, "proposal_edit")
        core = visitor.workspace.core
        view = await visitor.workspace.wait_for(lambda: core.views.top(seed.JONAS))
        value = {"type": "plain_text_input", "value": "BYE <!channel>"}
        faults = await visitor.workspace.interactions.submit(
            view.view_id, {"word": {"word": value}}
        )
        assert "word: must look like [a-z]+" in str(faults["word"])
        await visitor.press(seed.PRIYA, card, "proposal_approve")
        await visitor.sees(card.thread_ts or "", lambda text: "succeeded" in text)


async def test_who_may_not_approve_may_not_edit(visitor: Visitor, tmp_path: Path) -> None:
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        _, card = await propose(visitor)
        await visitor.press(seed.GUEST, card, "proposal_edit")
        await visitor.submits(seed.GUEST, {"word": {"word": "bye"}})
        await visitor.whispered(seed.GUEST, lambda text: "a guest account never approves" in text)


async def test_a_finished_run_can_be_undone_once_also_after_a_restart(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path)
    async with bot_on(visitor.workspace, settings):
        asked, card = await propose(visitor)
        await visitor.press(seed.PRIYA, card, "proposal_approve")
        done = await visitor.sees(asked.ts, lambda text: "proposal_undo" in text)
        assert (tmp_path / "marker").read_text(encoding="utf-8") == "hello"
    async with bot_on(visitor.workspace, settings):
        await visitor.press(seed.MAYA, done, "proposal_undo")
        undo = await visitor.sees(asked.ts, lambda text: "Undo of #1" in text)
        assert (tmp_path / "marker").read_text(encoding="utf-8") == "hello"
        await visitor.press(seed.MAYA, done, "proposal_undo")
        await visitor.whispered(seed.MAYA, lambda text: "proposal #2 already" in text)
        await visitor.press(seed.JONAS, undo, "proposal_approve")
        await visitor.sees(asked.ts, lambda text: "Undo of #1" in text and "succeeded" in text)
    assert (tmp_path / "marker").read_text(encoding="utf-8") == ""


async def test_a_freeze_is_on_the_card_and_two_people_break_the_glass(
    visitor: Visitor, tmp_path: Path
) -> None:
    async with bot_on(
        visitor.workspace, settings_for(visitor.workspace, tmp_path, POLICY + FREEZE)
    ):
        asked, card = await propose(visitor)
        assert "sale &lt;!channel&gt;" in shown(card)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.whispered(seed.JONAS, lambda text: "change freeze" in text)
        await visitor.press(seed.JONAS, card, "break_glass_ask")
        await visitor.submits(seed.JONAS, {"reason": {"reason": "down <!channel>"}})
        ask = await visitor.sees_in_channel(lambda text: "asks for break-glass" in text)
        assert "<!channel>" not in shown(ask)
        await visitor.press(seed.JONAS, ask, "break_glass_confirm")
        await visitor.whispered(seed.JONAS, lambda text: "somebody else must confirm" in text)
        await visitor.press(seed.MAYA, ask, "break_glass_confirm")
        await visitor.whispered(seed.MAYA, lambda text: "is for oncall" in text)
        await visitor.press(seed.PRIYA, ask, "break_glass_confirm")
        await visitor.sees_in_channel(lambda text: "Break-glass is open in production" in text)
        kept = await visitor.sees_in_channel(lambda text: "asks for break-glass" in text)
        assert "break_glass_confirm" not in shown(kept)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.sees(asked.ts, lambda text: "succeeded" in text)


async def test_a_user_group_that_slack_does_not_tell_has_no_members(
    visitor: Visitor, tmp_path: Path
) -> None:
    unknown = POLICY.replace(seed.DB_ONCALL, "S0NOWHERE")
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path, unknown)):
        _, card = await propose(visitor)
        assert "could not be looked up" in shown(card)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.whispered(seed.JONAS, lambda text: "nobody may approve" in text)
    assert not (tmp_path / "marker").exists()

"""Telling a run from its card: stop it, and answer for a step that a person does."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.runbook_wiring import build_runbook_services
from bot.settings import Settings, load_settings
from bot.store.engine import open_database
from bot.workspace import seed
from bot.workspace.server import Workspace, running_workspace
from runbooks.directory import LocalDirectory
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef

from .test_approval_cards import bot_on
from .visitor import Visitor, shown

ENDLESS = """
name: count-sheep
title: Count sheep
version: 1
summary: Counts until somebody stops it.
symptoms: [sheep missing]
steps:
  - id: count
    title: Count without an end
    risk: low
    timeout_s: 120
    run:
      argv: ["{python}", -uc, "import os, time; print('pid', os.getpid()); time.sleep(100)"]
  - id: tidy
    title: Tidy up
    risk: low
    run: {{argv: ["{python}", -c, "open('{marker}', 'a').write('x')"]}}
"""
MANUAL = """
name: turn-the-key
title: Turn the key
version: 1
summary: A person turns a key, then a file is written.
symptoms: [key not turned]
steps:
  - id: key
    title: Turn the key
    risk: low
    timeout_s: 60
    run: {{manual: {{instructions: turn the key in rack 4}}}}
  - id: note
    title: Note it
    risk: low
    run: {{argv: ["{python}", -c, "open('{marker}', 'a').write('x')"]}}
"""


def settings_for(workspace: Workspace, home: Path, runbook: str) -> Settings:
    folder = home / "runbooks"
    folder.mkdir(exist_ok=True)
    text = runbook.format(python=sys.executable, marker=home / "marker")
    (folder / "one.yaml").write_text(text, encoding="utf-8")
    return load_settings(
        home=home,
        slack={
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "api_url": workspace.api_url,
            "edit_interval_s": 0.05,
        },
        runbooks={"folders": [folder], "approvers": list(seed.APPROVERS)},
    )


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


def pid_in(text: str) -> int:
    found = re.search(r"pid (\d+)", text)
    assert found is not None
    return int(found.group(1))


async def ended(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(psutil.Process(pid).wait, 10)


async def test_stop_on_the_card_kills_the_step_and_says_who_and_what_is_left(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path, ENDLESS)
    async with bot_on(visitor.workspace, settings):
        asked = visitor.mention(seed.MAYA, "run count-sheep")
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        running = await visitor.sees(
            asked.ts, lambda text: re.search(r"pid \d", text) is not None and "run_stop" in text
        )
        pid = pid_in(shown(running))
        await visitor.press(seed.GUEST, running, "run_stop")
        await visitor.whispered(seed.GUEST, lambda text: "guest" in text)
        await visitor.press(seed.MAYA, running, "run_stop")  # the requester may
        done = await visitor.sees(asked.ts, lambda text: "stopped by" in text)
        text = shown(done)
        assert "Count without an end, whose effect is not known" in text
        assert "not done: Tidy up" in text
        assert "run_stop" not in text
        await ended(pid)
    assert not (tmp_path / "marker").exists()


async def test_a_stop_that_another_process_takes_reaches_the_run(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path, ENDLESS)
    async with bot_on(visitor.workspace, settings):
        asked = visitor.mention(seed.MAYA, "run count-sheep")
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        await visitor.sees(asked.ts, lambda text: re.search(r"pid \d", text) is not None)
        database = open_database(settings.effective_database_url)
        other = build_runbook_services(settings, database, LocalDirectory(), "")
        requester = (await other.approvals.get(1)).proposal.plan.requester
        stranger = ActorRef(team_id="local", user_id="eve", name="eve")
        assert not (await other.control.stop(1, stranger, AccountKind.MEMBER)).allowed
        assert (await other.control.stop(1, requester, AccountKind.MEMBER)).allowed
        await visitor.sees(asked.ts, lambda text: "stopped by" in text)
        database.dispose()


async def test_a_person_confirms_on_the_card_and_the_run_goes_on(
    visitor: Visitor, tmp_path: Path
) -> None:
    settings = settings_for(visitor.workspace, tmp_path, MANUAL)
    async with bot_on(visitor.workspace, settings):
        asked = visitor.mention(seed.MAYA, "run turn-the-key")
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        waiting = await visitor.sees(asked.ts, lambda text: "run_step_done" in text)
        assert "turn the key in rack 4" in shown(waiting)
        assert not (tmp_path / "marker").exists()
        await visitor.press(seed.PRIYA, waiting, "run_step_done")
        done = await visitor.sees(asked.ts, lambda text: "succeeded" in text)
        assert "confirmed by" in shown(done)
        assert "run_step_done" not in shown(done)
    assert (tmp_path / "marker").read_text(encoding="utf-8") == "x"


async def test_a_person_who_could_not_do_it_ends_the_run(visitor: Visitor, tmp_path: Path) -> None:
    settings = settings_for(visitor.workspace, tmp_path, MANUAL)
    async with bot_on(visitor.workspace, settings):
        asked = visitor.mention(seed.MAYA, "run turn-the-key")
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        await visitor.press(seed.JONAS, card, "proposal_approve")
        waiting = await visitor.sees(asked.ts, lambda text: "run_step_failed" in text)
        await visitor.press(seed.PRIYA, waiting, "run_step_failed")
        done = await visitor.sees(asked.ts, lambda text: "not done: Note it" in text)
        assert "failed, says" in shown(done)
    assert not (tmp_path / "marker").exists()

"""What a request leaves open is asked for in a form, through real Bolt and a real socket."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.skills.runbook.actions import CHOOSE_ACTION, FORM_ACTION
from bot.workspace import seed
from bot.workspace.server import running_workspace

from .test_approval_cards import bot_on, settings_for
from .visitor import Visitor, shown

KETTLE = """
name: {name}
title: Refill the {name}
version: 1
summary: s
symptoms: [the kettle is empty]
parameters:
  vessel: {{type: string, description: what to refill, pattern: '[a-z0-9-]{{1,40}}'}}
  litres: {{type: integer, description: how much, default: 2, minimum: 1, maximum: 9}}
steps:
  - id: pour
    title: Pour
    risk: low
    run: {{argv: ["{python}", -c, "print('poured')", "{{{{ vessel }}}}", "{{{{ litres }}}}"]}}
"""


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with running_workspace() as workspace:
        yield Visitor(workspace)


def _write(home: Path, *names: str) -> None:
    (home / "runbooks").mkdir()
    for name in names:
        text = KETTLE.format(name=name, python=sys.executable)
        (home / "runbooks" / f"{name}.yaml").write_text(text, encoding="utf-8")


async def test_the_form_refuses_a_wrong_value_and_proposes_a_right_one(
    visitor: Visitor, tmp_path: Path
) -> None:
    _write(tmp_path, "tea-pot")
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked = visitor.mention(seed.MAYA, "tea-pot with litres=3")
        question = await visitor.sees(asked.ts, lambda text: "Fill in" in text)
        assert "nothing was proposed yet" in shown(question)
        await visitor.press(seed.MAYA, question, f"{FORM_ACTION}:0")
        litres = {"litres": {"litres": "3"}}
        await visitor.submits(seed.MAYA, {"vessel": {"vessel": "a; rm -rf /"}, **litres})
        assert visitor.workspace.core.views.top(seed.MAYA) is not None
        await visitor.submits(seed.MAYA, {"vessel": {"vessel": "samovar-2"}, **litres})
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        assert "vessel = `samovar-2`  (said)" in shown(card)
        assert "litres = `3`  (said)" in shown(card)


async def test_of_two_runbooks_that_fit_a_person_picks_one(
    visitor: Visitor, tmp_path: Path
) -> None:
    _write(tmp_path, "tea-pot", "tea-tin")
    async with bot_on(visitor.workspace, settings_for(visitor.workspace, tmp_path)):
        asked = visitor.mention(seed.MAYA, "the kettle is empty, vessel=samovar-2")
        question = await visitor.sees(asked.ts, lambda text: "Which one do you mean" in text)
        await visitor.press(seed.MAYA, question, f"{CHOOSE_ACTION}:1")
        card = await visitor.sees(asked.ts, lambda text: "Runs exactly" in text)
        assert "Refill the tea-tin" in shown(card)
        assert "litres = `2`  (default)" in shown(card)

"""A model leads only once it was measured to handle tools; until then the playbook does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.skills.investigation.auto import AutoDriver
from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Tool
from bot.skills.investigation.tool_check import TASKS
from bot.skills.investigation.tool_use import ToolUse, ToolUseBook

Makes = Callable[..., Any]


async def key() -> str:
    return "hash-1"


def driver(tmp_path: Path, generator: Any, *, is_forced: bool = False) -> AutoDriver:
    book = ToolUseBook(tmp_path / "tool_use.json")
    return AutoDriver(generator, name="m", book=book, key_of=key, is_forced=is_forced)


async def led_by(
    auto: AutoDriver, case: CaseFile, toolbox_of: Makes, scripted: Makes, request_for: Makes
) -> str:
    session = auto.begin(case, toolbox_of(scripted(Tool.LOGS, {})), request_for())
    [_ async for _ in session.looks()]
    return session.name


async def test_an_unknown_model_is_measured_behind_the_playbook(
    tmp_path: Path, case: CaseFile, toolbox_of: Makes, scripted: Makes, request_for: Makes,
    written: Makes,
) -> None:  # fmt: skip
    generator = written()
    auto = driver(tmp_path, generator)
    assert await led_by(auto, case, toolbox_of, scripted, request_for) == "playbook"
    await auto.settled()
    book = ToolUseBook(tmp_path / "tool_use.json")
    assert book.known("hash-1") == ToolUse(n_right=0, n=len(TASKS))
    assert len(generator.requests) == len(TASKS)


async def test_a_model_that_passed_leads(
    tmp_path: Path, case: CaseFile, toolbox_of: Makes, scripted: Makes, request_for: Makes,
    written: Makes,
) -> None:  # fmt: skip
    ToolUseBook(tmp_path / "tool_use.json").keep("hash-1", ToolUse(n_right=6, n=6))
    auto = driver(tmp_path, written('{"done": "Nothing is wrong [1]."}'))
    assert await led_by(auto, case, toolbox_of, scripted, request_for) == "agent, m"


async def test_a_model_that_failed_does_not_lead_unless_it_must(
    tmp_path: Path, case: CaseFile, toolbox_of: Makes, scripted: Makes, request_for: Makes,
    written: Makes,
) -> None:  # fmt: skip
    ToolUseBook(tmp_path / "tool_use.json").keep("hash-1", ToolUse(n_right=2, n=6))
    answer = '{"done": "Nothing is wrong [1]."}'
    auto = driver(tmp_path, written(answer))
    assert await led_by(auto, case, toolbox_of, scripted, request_for) == "playbook"
    forced = driver(tmp_path, written(answer), is_forced=True)
    chosen = await forced.chosen()
    assert type(chosen).__name__ == "AgentDriver"

"""Whether a model handles tools is measured once for each file, and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.skills.investigation.tool_check import TASKS, measure, measured
from bot.skills.investigation.tool_use import ToolUse, ToolUseBook

Makes = Callable[..., Any]


def right_answer(task: Any) -> str:
    if not task.right:
        return '{"done": "The disk is full [1]."}'
    tool, service = min(task.right)
    return f'{{"tool": "{tool}", "service": "{service}"}}'


async def test_right_calls_pass(written: Makes) -> None:
    use = await measure(written(*map(right_answer, TASKS)))
    assert use == ToolUse(n_right=len(TASKS), n=len(TASKS))
    assert use.passes


async def test_the_same_call_every_time_does_not_pass(written: Makes) -> None:
    use = await measure(written(*['{"tool": "logs", "service": "storefront"}'] * len(TASKS)))
    assert not use.passes


async def test_prose_does_not_pass(written: Makes) -> None:
    assert (await measure(written(*["I would look at the logs."] * 9))).n_right == 0


async def test_a_model_is_measured_once(tmp_path: Path, written: Makes) -> None:
    book = ToolUseBook(tmp_path / "tool_use.json")
    first = await measured(written(*map(right_answer, TASKS)), book, "hash-1")
    silent = written()
    assert await measured(silent, book, "hash-1") == first
    assert silent.requests == []
    assert (await measured(silent, book, "hash-2")).n_right == 0
    assert book.known("hash-1") == first


def test_a_broken_file_means_that_nothing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "tool_use.json"
    path.write_text('{"a": [1], "b": "x", "c": [1, 2, 3]', encoding="utf-8")
    assert ToolUseBook(path).known("a") is None
    path.write_text('{"a": [1], "b": "x", "c": ["1", 2]}', encoding="utf-8")
    assert [ToolUseBook(path).known(key) for key in "abc"] == [None, None, None]

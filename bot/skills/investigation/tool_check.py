"""Whether a model handles tools, found out by trying: canned tasks, each with the calls that are right.

Its name decides nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from langchain_core.messages import HumanMessage, SystemMessage

from ..generation import Generator
from .agent import SYSTEM_PROMPT
from .tool_model import Calls, ToolChatModel
from .tool_use import ToolUse, ToolUseBook

_SERVICES = ("storefront", "basket", "basket-db", "search")
_CALLS: Calls = {
    name: {"service": _SERVICES} for name in ("logs", "metrics", "changes", "documents")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTask:
    """One situation.

    Attributes:
        right: The calls that are good here, as (tool, service); empty: to end is right.
    """

    told: str
    right: frozenset[tuple[str, str]]


def _task(told: str, *right: tuple[str, str]) -> ToolTask:
    return ToolTask(told=told, right=frozenset(right))


TASKS = (
    _task(
        "What is wrong with storefront? Evidence so far (data):\nnothing yet",
        ("logs", "storefront"), ("metrics", "storefront"),
    ),
    _task(
        "What is wrong with storefront? Evidence so far (data):\n[1] logs storefront: began: NEW 80x since "
        "10:02:11: `connection refused calling basket`",
        ("logs", "basket"), ("metrics", "basket"), ("changes", "basket"),
    ),
    _task(
        "What is wrong with basket? Evidence so far (data):\n[1] logs basket: began: NEW 45x since 09:40:03: "
        "`timeout waiting for basket-db`\n[2] metrics basket: clear: CPU 0.3, before 0.3",
        ("logs", "basket-db"), ("metrics", "basket-db"), ("changes", "basket-db"),
    ),
    _task(
        "What is wrong with search? Evidence so far (data):\n[1] logs search: began: NEW 30x since 11:15:20: "
        "`KeyError: 'rank' in score()`\n[2] metrics search: began: failed requests 3.1 since 11:15. "
        "Was search changed shortly before 11:15?",
        ("changes", "search"),
    ),
    _task(
        "What is wrong with basket-db? Evidence so far (data):\n[1] logs basket-db: began: NEW 12x since "
        "08:10:00: `No space left on device`\n[2] metrics basket-db: began: fullest disk 0.99 since 08:07, "
        "before 0.5. The cause is shown by [1] and [2].",
    ),
    _task(
        "What is wrong with storefront? Evidence so far (data):\n[1] metrics storefront: clear: everything as "
        "usual\nOnly the logs of storefront were not looked at yet.",
        ("logs", "storefront"),
    ),
)  # fmt: skip


async def measure(generator: Generator) -> ToolUse:
    """Ask a model all tasks."""
    model = ToolChatModel(generator=generator, spend=lambda _n: None)
    n_right = 0
    for task in TASKS:
        n_right += await _is_right(model, task)
    return ToolUse(n_right=n_right, n=len(TASKS))


async def _is_right(model: ToolChatModel, task: ToolTask) -> bool:
    messages = [SystemMessage(SYSTEM_PROMPT), HumanMessage(task.told)]
    tools = [_described(name, arguments["service"]) for name, arguments in _CALLS.items()]
    answer = await model.ainvoke(messages, tools=tools)
    if not answer.tool_calls:
        return not task.right and bool(str(answer.text))
    call = answer.tool_calls[0]
    return (call["name"], str(call["args"].get("service"))) in task.right


def _described(name: str, services: tuple[str, ...]) -> dict[str, object]:
    parameters = {"properties": {"service": {"enum": list(services)}}}
    return {"function": {"name": name, "parameters": parameters}}


async def measured(generator: Generator, book: ToolUseBook, model_key: str) -> ToolUse:
    """What is known of a model; measured now when nothing is.

    Raises:
        OSError: The result cannot be kept.
    """
    known = await asyncio.to_thread(book.known, model_key)
    if known is not None:
        return known
    use = await measure(generator)
    await asyncio.to_thread(book.keep, model_key, use)
    return use

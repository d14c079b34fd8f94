"""A model leads within the same tools and budget; when it fails, the playbook goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.skills.investigation.agent import AgentSession
from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Tool
from bot.skills.investigation.errors import BudgetSpentError
from bot.skills.investigation.ranking import conclude

Makes = Callable[..., Any]
Began = Callable[..., Clue]


def call(tool: str, service: str) -> str:
    return f'{{"tool": "{tool}", "service": "{service}"}}'


@pytest.fixture
def logs(scripted: Makes, began: Began) -> Any:
    return scripted(
        Tool.LOGS,
        {
            "checkout": (began("checkout", "dependency", 20, weight=1.5, names=("orders",)),),
            "orders": (began("orders", "disk_full", 21),),
        },
    )


async def test_the_model_chooses_and_its_checked_words_are_kept(
    case: CaseFile, toolbox_of: Makes, written: Makes, logs: Any
) -> None:
    said = '{"done": "The disk of orders is full [2]. It has 512 free blocks [2]. It cites [9]."}'
    model = written(call("logs", "orders"), said)
    session = AgentSession(case, toolbox_of(logs), model, "m")
    looks = [look.service async for look in session.looks()]
    assert looks == ["checkout", "orders"]
    assert session.remarks == "The disk of orders is full [2]."
    cause = conclude(case).cause
    assert cause is not None
    assert cause.cause.cause_id == "disk_full"
    assert session.name == "agent, m"


@pytest.mark.parametrize("answer", ["", "no idea", call("shell", "orders")])
async def test_wrong_calls_fall_back_to_the_playbook(
    case: CaseFile, toolbox_of: Makes, written: Makes, logs: Any, answer: str
) -> None:
    session = AgentSession(case, toolbox_of(logs), written(answer), "m")
    assert [look.service async for look in session.looks()] == ["checkout", "orders"]
    assert "playbook" in session.name
    assert session.remarks == ""


async def test_a_model_that_asks_for_ever_is_ended_by_the_budget(
    case: CaseFile, toolbox_of: Makes, written: Makes, logs: Any
) -> None:
    model = written(*[call("logs", "orders")] * 200)
    session = AgentSession(case, toolbox_of(logs, tokens=3000), model, "m")
    with pytest.raises(BudgetSpentError, match="tokens"):
        [_ async for _ in session.looks()]
    assert logs.looked == ["checkout", "orders"]


async def test_the_same_look_is_not_made_twice(
    case: CaseFile, toolbox_of: Makes, written: Makes, logs: Any
) -> None:
    again = call("logs", "checkout")
    model = written(again, call("logs", "orders"), '{"done": "Full [2]."}')
    session = AgentSession(case, toolbox_of(logs), model, "m")
    [_ async for _ in session.looks()]
    assert logs.looked == ["checkout", "orders"]
    assert "already" in model.requests[1].messages[-1].content

"""The playbook looks where the evidence leads, once, and ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC

import pytest

from bot.messages import Actor, Request, ThreadRef
from bot.skills.investigation.budget import Allowance, Budget
from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Look, Tool
from bot.skills.investigation.errors import BudgetSpentError, LookFailedError
from bot.skills.investigation.follow import follow_playbook
from bot.skills.investigation.toolbox import Toolbox
from bot.skills.investigation.tools.base import Asked

Began = Callable[..., Clue]


class Scripted:
    """Logs with given clues by service."""

    def __init__(
        self, tool: Tool, clues: Mapping[str, tuple[Clue, ...]], failure: str = ""
    ) -> None:
        self.tool = tool
        self._clues = clues
        self._failure = failure
        self.looked: list[str] = []

    def can_look_at(self, service: str) -> bool:
        return True

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        self.looked.append(service)
        if self._failure:
            raise LookFailedError(self._failure)
        return Look(tool=self.tool, service=service, clues=self._clues.get(service, ()))


def toolbox(case: CaseFile, *tools: Scripted, steps: int = 30) -> Toolbox:
    request = Request(
        request_id="r",
        text="investigate checkout",
        actor=Actor(user_id="U1", team_id="T1", name="Maya"),
        thread=ThreadRef("C1", "1.0"),
        received_at=case.window.end,
    )
    budget = Budget(Allowance(steps=steps))
    return Toolbox(tools, case, budget, Asked(request=request, zone=UTC))


async def test_it_follows_the_names_in_the_evidence(case: CaseFile, began: Began) -> None:
    logs = Scripted(
        Tool.LOGS,
        {
            "checkout": (began("checkout", "dependency", 20, weight=1.5, names=("orders",)),),
            "orders": (began("orders", "dependency", 20, weight=1.5, names=("orders-db",)),),
            "orders-db": (began("orders-db", "disk_full", 21),),
        },
    )
    looks = [look async for look in follow_playbook(case, toolbox(case, logs))]
    assert [look.service for look in looks] == ["checkout", "orders", "orders-db"]


async def test_a_quiet_system_is_left_after_the_first_looks(case: CaseFile) -> None:
    logs, changes = Scripted(Tool.LOGS, {}), Scripted(Tool.CHANGES, {})
    looks = [look async for look in follow_playbook(case, toolbox(case, logs, changes))]
    assert [(look.tool, look.service) for look in looks] == [(Tool.LOGS, "checkout")]


async def test_unexplained_trouble_makes_it_look_at_the_others(
    case: CaseFile, began: Began
) -> None:
    logs = Scripted(Tool.LOGS, {"checkout": (began("checkout", "error", 20, weight=1.2),)})
    [_ async for _ in follow_playbook(case, toolbox(case, logs))]
    assert logs.looked == ["checkout", "orders", "orders-db", "search"]


async def test_a_tool_that_fails_is_kept_as_a_failure_and_not_asked_for_ever(
    case: CaseFile, began: Began
) -> None:
    logs = Scripted(Tool.LOGS, {"checkout": (began("checkout", "error", 20, names=("orders",)),)})
    metrics = Scripted(Tool.METRICS, {}, failure="the server is gone")
    [_ async for _ in follow_playbook(case, toolbox(case, logs, metrics))]
    assert len(metrics.looked) == 2
    assert {look.failure for look in case.failures} == {"the server is gone"}


async def test_no_look_is_made_twice_and_the_budget_holds(case: CaseFile, began: Began) -> None:
    logs = Scripted(Tool.LOGS, {"checkout": (began("checkout", "error", 20),)})
    with pytest.raises(BudgetSpentError):
        [_ async for _ in follow_playbook(case, toolbox(case, logs, steps=2))]
    assert logs.looked == ["checkout", "orders"]

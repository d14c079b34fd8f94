"""The playbook looks where the evidence leads, once, and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Tool
from bot.skills.investigation.errors import BudgetSpentError
from bot.skills.investigation.follow import follow_playbook

Began = Callable[..., Clue]
Makes = Callable[..., Any]


async def test_it_follows_the_names_in_the_evidence(
    case: CaseFile, began: Began, scripted: Makes, toolbox_of: Makes
) -> None:
    logs = scripted(
        Tool.LOGS,
        {
            "checkout": (began("checkout", "dependency", 20, weight=1.5, names=("orders",)),),
            "orders": (began("orders", "dependency", 20, weight=1.5, names=("orders-db",)),),
            "orders-db": (began("orders-db", "disk_full", 21),),
        },
    )
    looks = [look async for look in follow_playbook(case, toolbox_of(logs))]
    assert [look.service for look in looks] == ["checkout", "orders", "orders-db"]


async def test_a_quiet_system_is_left_after_the_first_looks(
    case: CaseFile, scripted: Makes, toolbox_of: Makes
) -> None:
    logs, changes = scripted(Tool.LOGS, {}), scripted(Tool.CHANGES, {})
    looks = [look async for look in follow_playbook(case, toolbox_of(logs, changes))]
    assert [(look.tool, look.service) for look in looks] == [(Tool.LOGS, "checkout")]


async def test_unexplained_trouble_makes_it_look_at_the_others(
    case: CaseFile, began: Began, scripted: Makes, toolbox_of: Makes
) -> None:
    logs = scripted(Tool.LOGS, {"checkout": (began("checkout", "error", 20, weight=1.2),)})
    [_ async for _ in follow_playbook(case, toolbox_of(logs))]
    assert logs.looked == ["checkout", "orders", "orders-db", "search"]


async def test_a_tool_that_fails_is_kept_as_a_failure_and_not_asked_for_ever(
    case: CaseFile, began: Began, scripted: Makes, toolbox_of: Makes
) -> None:
    logs = scripted(Tool.LOGS, {"checkout": (began("checkout", "error", 20, names=("orders",)),)})
    metrics = scripted(Tool.METRICS, {}, failure="the server is gone")
    [_ async for _ in follow_playbook(case, toolbox_of(logs, metrics))]
    assert len(metrics.looked) == 2
    assert {look.failure for look in case.failures} == {"the server is gone"}


async def test_no_look_is_made_twice_and_the_budget_holds(
    case: CaseFile, began: Began, scripted: Makes, toolbox_of: Makes
) -> None:
    logs = scripted(Tool.LOGS, {"checkout": (began("checkout", "error", 20),)})
    with pytest.raises(BudgetSpentError):
        [_ async for _ in follow_playbook(case, toolbox_of(logs, steps=2))]
    assert logs.looked == ["checkout", "orders"]

"""Makes looks: the one place where tools are called and the budget is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from .budget import Budget
from .case_file import CaseFile
from .clues import Look, Tool
from .errors import InvestigationError, LookFailedError
from .tools.base import Asked, LookTool

_MAX_LOOK_S = 45.0
_MAX_FAILURES = 2


class Toolbox:
    """The tools of one investigation.

    Args:
        case: Where looks are kept.
        budget: Asked before each look.
    """

    def __init__(
        self, tools: Sequence[LookTool], case: CaseFile, budget: Budget, asked: Asked
    ) -> None:
        self._tools = {each.tool: each for each in tools}
        self._case = case
        self._asked = asked
        self.budget = budget

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Those that there are."""
        return tuple(self._tools)

    def can_look(self, tool: Tool, service: str) -> bool:
        """Whether such a look is possible and was not made yet.

        A tool that failed twice is not tried again: a server that is gone would use up all steps.
        """
        found = self._tools.get(tool)
        if found is None or not found.can_look_at(service):
            return False
        if sum(look.tool is tool for look in self._case.failures) >= _MAX_FAILURES:
            return False
        return all(look.key != (tool, service) for look in self._case.looks)

    async def look(self, tool: Tool, service: str) -> Look:
        """Look, and keep what was seen; a tool that fails gives a look that says so.

        Raises:
            BudgetSpentError: No step or second is left; nothing was done.
        """
        self.budget.take_step()
        limit_s = min(_MAX_LOOK_S, self.budget.seconds_left)
        try:
            async with asyncio.timeout(limit_s):
                look = await self._tools[tool].look(service, self._case, self._asked)
        except TimeoutError:
            look = Look(tool=tool, service=service, failure=f"it took longer than {limit_s:.0f} s")
        except LookFailedError as exc:
            look = Look(tool=tool, service=service, failure=str(exc))
        except InvestigationError as exc:
            structlog.get_logger().warning("look_failed", tool=tool.value, reason=str(exc))
            look = Look(tool=tool, service=service, failure=str(exc))
        self._case.add(look)
        return look

"""An agent chooses the looks: LangChain's loop over the same tools, within the same budget."""
# LangGraph's graphs are typed in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Literal

import structlog
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, create_model

from ...messages import Request
from ...quotes import check, split_sentences
from ..generation import Generator, as_data
from .case_file import CaseFile
from .clues import Look, Numbered, Tool
from .drivers import Session
from .errors import BudgetSpentError
from .follow import follow_playbook, next_look
from .ranking import conclude
from .tool_model import MAX_ANSWER_S, ToolChatModel
from .toolbox import Toolbox

SYSTEM_PROMPT = (
    "You investigate why a service is in trouble. You can only look, with tools. Follow the evidence: "
    "what began first, further along the calls, is the cause. When a line names another service, look "
    "at that service. Look at each thing once. End as soon as the evidence shows the cause, or shows "
    "that nothing is wrong."
)
_PURPOSE = {
    Tool.LOGS: "what began in a service's logs",
    Tool.METRICS: "a service's golden signals against the time before",
    Tool.ALERTS: "alerts that fire about a service",
    Tool.CHANGES: "commits that touch a service",
    Tool.CLUSTER: "Kubernetes events of a service",
    Tool.DOCUMENTS: "what documents say about the evidence",
    Tool.RUNBOOK: "previews of the runbook that fits",
}
_MAX_TOOLS_SERVICES = 24
_RECURSION = 60


class AgentDriver:
    """Lets a model choose the looks.

    Args:
        generator: The model.
        name: Of the model, for the small print.
    """

    def __init__(self, generator: Generator, name: str) -> None:
        self._generator = generator
        self._name = name

    def begin(self, case: CaseFile, toolbox: Toolbox, request: Request) -> Session:
        """See `Driver.begin`."""
        return AgentSession(case, toolbox, self._generator, self._name)


class AgentSession:
    """One investigation that a model leads; the playbook begins it, and takes over when it fails.

    Attributes:
        name: Who led it.
        remarks: The model's last sentences, as far as the evidence bears them.
    """

    def __init__(
        self, case: CaseFile, toolbox: Toolbox, generator: Generator, model_name: str
    ) -> None:
        self._case = case
        self._toolbox = toolbox
        self._generator = generator
        self._fresh: list[Look] = []
        self._spent: BudgetSpentError | None = None
        self.name = f"agent, {model_name}"
        self.remarks = ""

    async def looks(self) -> AsyncGenerator[Look, None]:
        """See `Session.looks`."""
        begin = next_look(self._case, self._toolbox)
        if begin is not None:
            yield await self._toolbox.look(*begin)
        said = ""
        async with aclosing(self._led()) as steps:
            async for step in steps:
                if isinstance(step, Look):
                    yield step
                else:
                    said = step
        if self._spent is not None:
            raise self._spent
        self.remarks = self._checked(said)
        if not said or self._is_open():
            self.name = f"{self.name}, then the playbook"
            async with aclosing(follow_playbook(self._case, self._toolbox)) as rest:
                async for look in rest:
                    yield look

    def _is_open(self) -> bool:
        """Whether something is wrong and nothing explains it."""
        so_far = conclude(self._case)
        return bool(so_far.symptoms) and so_far.cause is None

    async def _led(self) -> AsyncGenerator[Look | str, None]:
        """The model's looks as they are made; its last sentence, empty when it gave none."""
        model = ToolChatModel(
            generator=self._generator, spend=self._spend, patience_s=self._patience_s
        )
        agent = create_agent(model, self._tools(), system_prompt=SYSTEM_PROMPT)
        said = ""
        updates = agent.astream(
            {"messages": [HumanMessage(self._told())]},
            {"recursion_limit": _RECURSION},
            stream_mode="values",
        )
        try:
            async for state in updates:
                while self._fresh:
                    yield self._fresh.pop(0)
                last = state["messages"][-1]
                if isinstance(last, AIMessage) and not last.tool_calls:
                    said = str(last.text)
        except BudgetSpentError as exc:
            self._spent = exc
        except RecursionError as exc:
            structlog.get_logger().warning("agent_went_in_circles", reason=str(exc))
            said = ""
        while self._fresh:
            yield self._fresh.pop(0)
        yield said

    def _spend(self, n_tokens: int) -> None:
        self._toolbox.budget.take_tokens(n_tokens)

    def _patience_s(self) -> float:
        return min(MAX_ANSWER_S, self._toolbox.budget.seconds_left)

    def _tools(self) -> list[BaseTool]:
        services = (*self._case.asked, *(s for s in self._case.known if s not in self._case.asked))
        return [self._tool(tool, services[:_MAX_TOOLS_SERVICES]) for tool in self._toolbox.tools]

    def _tool(self, tool: Tool, services: Sequence[str]) -> BaseTool:
        async def look(service: str) -> str:
            return await self._look(tool, service)

        return StructuredTool.from_function(
            coroutine=look,
            name=tool.value,
            description=_PURPOSE[tool],
            args_schema=_arguments(tuple(services)),
        )

    async def _look(self, tool: Tool, service: str) -> str:
        if not self._toolbox.can_look(tool, service):
            return "nothing more: this was looked at already, or cannot be looked at"
        n_before = len(self._case.numbered)
        look = await self._toolbox.look(tool, service)
        self._fresh.append(look)
        if look.failure:
            return f"could not look: {look.failure}"
        return _lines(self._case.numbered[n_before:]) or f"nothing unusual ({look.note})"

    def _told(self) -> str:
        asked = ", ".join(self._case.asked)
        evidence = _lines(self._case.numbered) or "nothing yet"
        return f"What is wrong with {asked}? Evidence so far (data):\n{evidence}"

    def _checked(self, said: str) -> str:
        """The sentences that claim only what the evidence contains and cite it."""
        evidence = "\n".join(f"{each.clue.text}\n{each.clue.quote}" for each in self._case.numbered)
        names = " ".join((*self._case.asked, *self._case.known))
        kept = check(split_sentences(said), f"{evidence}\n{names}", len(self._case.numbered))
        return " ".join(each for each in kept.sentences if "[" in each)


def _lines(numbered: Sequence[Numbered]) -> str:
    return as_data(
        "\n".join(
            f"[{each.number}] {each.clue.tool.value} {each.clue.service}: "
            f"{each.clue.stance.value}: {each.clue.text}"
            for each in numbered
        )
    )


def _arguments(services: tuple[str, ...]) -> type[BaseModel]:
    """The arguments of a tool: one of the services."""
    return create_model("Arguments", service=(Literal[services], ...))  # pyright: ignore[reportCallIssue, reportArgumentType]

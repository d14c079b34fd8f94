"""Cases and clues as tests need them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.messages import Actor, Request, ThreadRef
from bot.skills.investigation.budget import Allowance, Budget
from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Look, Stance, Tool
from bot.skills.investigation.errors import LookFailedError
from bot.skills.investigation.toolbox import Toolbox
from bot.skills.investigation.tools.base import Asked
from bot.skills.logs.analysis import Window
from inference.request import (
    Ended,
    Event,
    GenerateRequest,
    GenerationStats,
    Outcome,
    TextDelta,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KNOWN = ("checkout", "orders", "orders-db", "search")


@pytest.fixture
def case() -> CaseFile:
    """About checkout, the last hour."""
    window = Window(start=NOW - timedelta(hours=1), end=NOW, baseline_s=3600.0)
    return CaseFile(("checkout",), KNOWN, window)


@pytest.fixture
def began() -> Callable[..., Clue]:
    """Makes clues of what began some minutes ago."""

    def make(service: str, signal: str, minutes_ago: float, **more: Any) -> Clue:
        given: dict[str, Any] = {"tool": Tool.LOGS, "weight": 3.0, "is_symptom": True, **more}
        return Clue(
            service=service,
            stance=Stance.BEGAN,
            signal=signal,
            text=f"{signal} at {service}",
            quote=f"{signal} line of {service}",
            at=NOW - timedelta(minutes=minutes_ago),
            **given,
        )

    return make


@pytest.fixture
def seen(case: CaseFile) -> Callable[..., CaseFile]:
    """Adds clues, each as a look of its own."""

    def add(*clues: Clue) -> CaseFile:
        for clue in clues:
            case.add(Look(tool=clue.tool, service=clue.service, clues=(clue,)))
        return case

    return add


class WrittenGenerator:
    """Gives these answers, one after the other; then empty ones."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.requests: list[GenerateRequest] = []

    async def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        self.requests.append(request)
        yield TextDelta(text=self.answers.pop(0) if self.answers else "")
        yield Ended(outcome=Outcome.FINISHED, stats=GenerationStats(n_output=7))


@pytest.fixture
def written() -> Callable[..., WrittenGenerator]:
    """Makes generators that answer what is given."""
    return WrittenGenerator


class ScriptedTool:
    """Finds given clues by service; remembers where it looked."""

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


@pytest.fixture
def scripted() -> Callable[..., ScriptedTool]:
    """Makes tools that find what is given."""
    return ScriptedTool


@pytest.fixture
def request_for() -> Callable[..., Request]:
    """Makes requests of a member in a channel."""

    def make(text: str = "investigate checkout", channel_id: str = "C1") -> Request:
        return Request(
            request_id="r1",
            text=text,
            actor=Actor(user_id="U1", team_id="T1", name="Maya"),
            thread=ThreadRef(channel_id, "1.0"),
            received_at=NOW,
        )

    return make


@pytest.fixture
def toolbox_of(case: CaseFile, request_for: Callable[..., Request]) -> Callable[..., Toolbox]:
    """Makes toolboxes over the case."""

    def make(*tools: ScriptedTool, **allowance: Any) -> Toolbox:
        asked = Asked(request=request_for(), zone=UTC)
        return Toolbox(tools, case, Budget(Allowance(**allowance)), asked)

    return make

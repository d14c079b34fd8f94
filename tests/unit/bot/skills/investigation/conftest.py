"""Cases and clues as tests need them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Look, Stance, Tool
from bot.skills.logs.analysis import Window

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

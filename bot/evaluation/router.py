"""How often the router is right on labelled requests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from bot.messages import Intent
from bot.router import Route
from inference.errors import InferenceError


class Routes(Protocol):
    """A router."""

    async def prepare(self) -> None:
        """Get ready to judge by meaning; raises `InferenceError` where that cannot be."""
        ...

    async def route(self, text: str) -> Route:
        """Route one text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of a group were right."""

    n_right: int
    n: int

    @property
    def accuracy(self) -> float:
        """0 to 1; 0 for an empty group."""
        return self.n_right / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One request that went elsewhere than its label says."""

    text: str
    expected: Intent
    got: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterReport:
    """The figures.

    Attributes:
        by_intent, by_language, by_source: The same for groups of the requests.
        confusion: Label -> chosen -> how many.
        median_ms, p95_ms: Time of a decision, in milliseconds.
        calibration_error: Mean gap between confidence and accuracy, over ten bins.
    """

    total: Share
    by_intent: dict[str, Share]
    by_language: dict[str, Share]
    by_source: dict[str, Share]
    confusion: dict[str, dict[str, int]]
    median_ms: float
    p95_ms: float
    calibration_error: float
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled request."""

    text: str
    intent: Intent
    language: str


def held_back() -> list[Case]:
    """The project's own requests that no student was trained or tuned on."""
    return _own("router_held_back")


def validation() -> list[Case]:
    """Requests that no student was trained on, but whose mistakes were looked at."""
    return _own("router_validation")


def _own(name: str) -> list[Case]:
    file = files("bot.evaluation").joinpath("questions", f"{name}.jsonl")
    return _cases(file.read_text(encoding="utf-8").splitlines())


def read_cases(data_dir: Path) -> list[Case]:
    """The requests of a folder's `*.jsonl` files.

    Args:
        data_dir: Files with one JSON object a line: `text`, `intent` and perhaps `lang`.

    Raises:
        ValueError: There are no requests, or a line is not such an object.
        OSError: A file cannot be read.
    """
    lines = [
        line
        for path in sorted(data_dir.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    if not any(map(str.strip, lines)):
        raise ValueError(f"{data_dir} has no labelled requests (*.jsonl)")
    return _cases(lines)


def _cases(lines: Sequence[str]) -> list[Case]:
    records = [json.loads(line) for line in lines if line.strip()]
    return [Case(r["text"], Intent(r["intent"]), str(r.get("lang", ""))) for r in records]


async def evaluate(cases: Sequence[Case], router: Routes) -> RouterReport:
    """Route every request and compare with its label.

    Raises:
        ValueError: There are no requests.
    """
    if not cases:
        raise ValueError("there are no labelled requests")
    # Without an encoder the figures are those of characters alone.
    with suppress(InferenceError):
        await router.prepare()
    routes = [await router.route(case.text) for case in cases]
    right = [route.intent is case.intent for case, route in zip(cases, routes, strict=True)]
    times = sorted(route.ms for route in routes)
    return RouterReport(
        total=Share(n_right=sum(right), n=len(right)),
        by_intent=_shares([case.intent for case in cases], right),
        by_language=_shares([case.language for case in cases], right),
        by_source=_shares([route.source for route in routes], right),
        confusion=_confusion(cases, routes),
        median_ms=round(times[len(times) // 2], 2),
        p95_ms=round(times[min(len(times) - 1, int(0.95 * len(times)))], 2),
        calibration_error=_calibration_error(routes, right),
        mistakes=tuple(
            Mistake(text=case.text, expected=case.intent, got=route)
            for case, route in zip(cases, routes, strict=True)
            if route.intent is not case.intent
        ),
    )


def _confusion(cases: Sequence[Case], routes: Sequence[Route]) -> dict[str, dict[str, int]]:
    counts = Counter((case.intent, route.intent) for case, route in zip(cases, routes, strict=True))
    return {
        label.value: {chosen.value: counts[label, chosen] for chosen in Intent} for label in Intent
    }


def _calibration_error(routes: Sequence[Route], right: Sequence[bool]) -> float:
    bins: dict[int, list[float]] = {}
    for route, ok in zip(routes, right, strict=True):
        bins.setdefault(min(int(route.confidence * 10), 9), []).append(route.confidence - ok)
    return round(sum(abs(sum(gaps)) for gaps in bins.values()) / len(routes), 4)


def _shares(groups: Sequence[str], right: Sequence[bool]) -> dict[str, Share]:
    n = Counter(str(group) for group in groups)
    n_right = Counter(str(group) for group, ok in zip(groups, right, strict=True) if ok)
    return {group: Share(n_right=n_right[group], n=n[group]) for group in sorted(n)}

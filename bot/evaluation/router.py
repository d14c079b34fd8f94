"""How often the router is right on labelled requests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
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
        median_ms: Median time of a decision, in milliseconds.
    """

    total: Share
    by_intent: dict[str, Share]
    by_language: dict[str, Share]
    by_source: dict[str, Share]
    median_ms: float
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    text: str
    intent: Intent
    language: str


def _read(data_dir: Path) -> list[_Case]:
    lines = [
        line
        for path in sorted(data_dir.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    if not lines:
        raise ValueError(f"{data_dir} has no labelled requests (*.jsonl)")
    records = [json.loads(line) for line in lines]
    return [_Case(r["text"], Intent(r["intent"]), str(r.get("lang", ""))) for r in records]


async def evaluate(data_dir: Path, router: Routes) -> RouterReport:
    """Route every request of the folder's `*.jsonl` files and compare with the label.

    Args:
        data_dir: Files with one JSON object a line: `text`, `intent` and perhaps `lang`.

    Raises:
        ValueError: There are no requests, or a line is not such an object.
        OSError: A file cannot be read.
    """
    cases = _read(data_dir)
    # Without an encoder the figures are those of characters alone.
    with suppress(InferenceError):
        await router.prepare()
    routes = [await router.route(case.text) for case in cases]
    right = [route.intent is case.intent for case, route in zip(cases, routes, strict=True)]
    return RouterReport(
        total=Share(n_right=sum(right), n=len(right)),
        by_intent=_shares([case.intent for case in cases], right),
        by_language=_shares([case.language for case in cases], right),
        by_source=_shares([route.source for route in routes], right),
        median_ms=round(median(route.ms for route in routes), 2),
        mistakes=tuple(
            Mistake(text=case.text, expected=case.intent, got=route)
            for case, route in zip(cases, routes, strict=True)
            if route.intent is not case.intent
        ),
    )


def _shares(groups: Sequence[str], right: Sequence[bool]) -> dict[str, Share]:
    n = Counter(str(group) for group in groups)
    n_right = Counter(str(group) for group, ok in zip(groups, right, strict=True) if ok)
    return {group: Share(n_right=n_right[group], n=n[group]) for group in sorted(n)}

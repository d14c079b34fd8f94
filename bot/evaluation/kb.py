"""How well the knowledge base finds documents, and how well it knows what it does not hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Protocol

from knowledge import Answerability, SearchResult

_DEPTH = 30
"""Chunks asked for; enough for ten different documents."""


class Searches(Protocol):
    """A knowledge base."""

    async def search(self, question: str, k: int = 5) -> SearchResult:
        """Find passages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One labelled question.

    Attributes:
        expected: Paths of which any one is right; empty when no document answers.
        kind: Sort of question, for the breakdown.
    """

    question: str
    expected: frozenset[str]
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Retrieval figures of a group of answerable questions, by document; each in [0, 1]."""

    n: int
    at_1: float
    at_5: float
    mrr_10: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the gate said about a group of questions; counts."""

    n: int
    yes: int
    unsure: int
    no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """An answerable question whose document was not first.

    Attributes:
        rank: Place of the first right document, from 1, or None beyond ten.
    """

    question: str
    rank: int | None
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeReport:
    """The figures.

    Attributes:
        p50_ms, p95_ms: Time of a search, embedding the question included.
    """

    recall: Recall
    by_kind: dict[str, Recall]
    answerable: Verdicts
    unanswerable: Verdicts
    p50_ms: float
    p95_ms: float
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    case: Case
    paths: tuple[str, ...]
    verdict: Answerability
    ms: float

    @property
    def rank(self) -> int | None:
        for rank, path in enumerate(self.paths, start=1):
            if path in self.case.expected:
                return rank
        return None


def read_cases(file: Path) -> list[Case]:
    """Read labelled questions, one JSON object a line.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is not a labelled question, or there are none.
    """
    cases: list[Case] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            cases.append(
                Case(
                    question=str(fields["question"]),
                    expected=frozenset(fields["expected_docs"]),
                    kind=str(fields.get("type", "other")),
                )
            )
        except (ValueError, KeyError, TypeError) as exc:
            raise ValueError(f"{file.name}:{number} is not a labelled question") from exc
    if not cases:
        raise ValueError(f"{file} holds no labelled questions")
    return cases


async def evaluate(cases: Sequence[Case], knowledge: Searches) -> KnowledgeReport:
    """Ask every question once, one after the other.

    Documents are ranked by their best chunk; a path is compared as the index has it.
    """
    outcomes: list[_Outcome] = []
    for case in cases:
        found = await knowledge.search(case.question, _DEPTH)
        paths = tuple(dict.fromkeys(hit.path for hit in found.hits))[:10]
        outcomes.append(_Outcome(case=case, paths=paths, verdict=found.answerability, ms=found.ms))
    answerable = [outcome for outcome in outcomes if outcome.case.expected]
    kinds = sorted({outcome.case.kind for outcome in answerable})
    cuts = quantiles([outcome.ms for outcome in outcomes] * 2, n=20)
    return KnowledgeReport(
        recall=_recall(answerable),
        by_kind={kind: _recall([o for o in answerable if o.case.kind == kind]) for kind in kinds},
        answerable=_verdicts(answerable),
        unanswerable=_verdicts([outcome for outcome in outcomes if not outcome.case.expected]),
        p50_ms=round(cuts[9], 2),
        p95_ms=round(cuts[18], 2),
        misses=tuple(
            Miss(
                question=outcome.case.question,
                rank=outcome.rank,
                first=outcome.paths[0] if outcome.paths else "",
            )
            for outcome in answerable
            if outcome.rank != 1
        ),
    )


def _recall(outcomes: Sequence[_Outcome]) -> Recall:
    ranks = [outcome.rank for outcome in outcomes]
    n = max(len(ranks), 1)
    return Recall(
        n=len(ranks),
        at_1=sum(rank == 1 for rank in ranks) / n,
        at_5=sum(rank is not None and rank <= 5 for rank in ranks) / n,
        mrr_10=sum(1 / rank for rank in ranks if rank is not None) / n,
    )


def _verdicts(outcomes: Sequence[_Outcome]) -> Verdicts:
    said = [outcome.verdict for outcome in outcomes]
    return Verdicts(
        n=len(said),
        yes=said.count(Answerability.YES),
        unsure=said.count(Answerability.UNSURE),
        no=said.count(Answerability.NO),
    )

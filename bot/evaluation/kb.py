"""How well the knowledge base finds documents, and how well it knows what it does not hold."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Protocol

from knowledge import ALL_METHODS, OWNER, Answerability, Methods, Reader, SearchResult

_DEPTH = 30
"""Chunks asked for; enough for ten different documents."""

_READ = 5
"""Passages a person or a model reads."""

CONTEXT_TOKENS = 2500
"""What those passages may grow to."""


class Searches(Protocol):
    """A knowledge base."""

    async def search(
        self,
        question: str,
        k: int = 5,
        *,
        reader: Reader = ...,
        widen_tokens: int = 0,
        methods: Methods = ...,
    ) -> SearchResult:
        """Find passages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One labelled question.

    Attributes:
        case_id: Names the question in reports; empty when the file gives none.
        expected: Paths of which any one is right; empty when no document answers.
        must_mention: Patterns that a text which answers matches, each of them, case ignored.
        kind: Sort of question, for the breakdown.
    """

    question: str
    expected: frozenset[str]
    kind: str
    case_id: str = ""
    must_mention: tuple[str, ...] = ()

    def is_held_by(self, text: str) -> bool:
        """Whether a text holds all that an answer must mention."""
        return all(re.search(pattern, text, re.IGNORECASE) for pattern in self.must_mention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Retrieval figures of a group of answerable questions, by document; each in [0, 1].

    Attributes:
        held: Share of questions whose answer stands in the passages that would be read.
    """

    n: int
    at_1: float
    at_5: float
    mrr_10: float
    held: float


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
    is_held: bool
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
            cases.append(_case(json.loads(line)))
        except (ValueError, KeyError, TypeError, re.error) as exc:
            raise ValueError(f"{file.name}:{number} is not a labelled question") from exc
    if not cases:
        raise ValueError(f"{file} holds no labelled questions")
    return cases


def _case(fields: dict[str, object]) -> Case:
    patterns = fields.get("must_mention", [])
    expected = fields["expected_docs"]
    if not isinstance(patterns, list) or not isinstance(expected, list):
        raise TypeError("not a list")
    wanted = tuple(map(str, patterns))  # pyright: ignore[reportUnknownArgumentType]
    for pattern in wanted:
        re.compile(pattern)
    return Case(
        question=str(fields["question"]),
        expected=frozenset(map(str, expected)),  # pyright: ignore[reportUnknownArgumentType]
        kind=str(fields.get("type", "other")),
        case_id=str(fields.get("id", "")),
        must_mention=wanted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A search with some of its methods left out.

    Attributes:
        widen_tokens: What the passages read may grow to; 0 leaves them alone.
    """

    name: str
    methods: Methods = ALL_METHODS
    widen_tokens: int = CONTEXT_TOKENS


WHOLE = Variant(name="all")


async def evaluate(
    cases: Sequence[Case], knowledge: Searches, variant: Variant = WHOLE
) -> KnowledgeReport:
    """Ask every question once for its ranking and once for what would be read, one by one.

    Documents are ranked by their best chunk; a path is compared as the index has it.
    """
    outcomes = [await _ask(case, knowledge, variant) for case in cases]
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
        misses=tuple(_miss(outcome) for outcome in answerable if outcome.rank != 1),
    )


async def _ask(case: Case, knowledge: Searches, variant: Variant) -> _Outcome:
    search = partial(knowledge.search, case.question, reader=OWNER, methods=variant.methods)
    ranked = await search(_DEPTH)
    read = await search(_READ, widen_tokens=variant.widen_tokens)
    text = "\n".join(f"{hit.title} > {hit.heading}\n{hit.text}" for hit in read.hits)
    return _Outcome(
        case=case,
        paths=tuple(dict.fromkeys(hit.path for hit in ranked.hits))[:10],
        is_held=case.is_held_by(text),
        verdict=read.answerability,
        ms=read.ms,
    )


def _miss(outcome: _Outcome) -> Miss:
    first = outcome.paths[0] if outcome.paths else ""
    return Miss(question=outcome.case.question, rank=outcome.rank, first=first)


def _recall(outcomes: Sequence[_Outcome]) -> Recall:
    ranks = [outcome.rank for outcome in outcomes]
    n = max(len(ranks), 1)
    return Recall(
        n=len(ranks),
        at_1=sum(rank == 1 for rank in ranks) / n,
        at_5=sum(rank is not None and rank <= 5 for rank in ranks) / n,
        mrr_10=sum(1 / rank for rank in ranks if rank is not None) / n,
        held=sum(outcome.is_held for outcome in outcomes) / n,
    )


def _verdicts(outcomes: Sequence[_Outcome]) -> Verdicts:
    said = [outcome.verdict for outcome in outcomes]
    return Verdicts(
        n=len(said),
        yes=said.count(Answerability.YES),
        unsure=said.count(Answerability.UNSURE),
        no=said.count(Answerability.NO),
    )

"""How good answers from the knowledge base are: facts, refusals, citations, code, seconds.

Whether a citation supports its sentence is judged against the lines of the document itself, by
rules of this file's own: the skill that wrote the answer has no say in it.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from .kb_support import Claim, ReadLines, claims_of

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One labelled question.

    Attributes:
        expected: Paths of which any one is right; empty when no document answers.
        must_mention: Every one of these occurs in a right answer.
        kind: Sort of question, for the breakdown.
    """

    question_id: str
    text: str
    expected: frozenset[str]
    must_mention: tuple[re.Pattern[str], ...]
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What a number in an answer stands for; lines are 1-based and inclusive."""

    number: int
    path: str
    lines: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for a question.

    Attributes:
        text: The answer with its [n], code in backticks or fences; the refusal when refused.
        passages_s, first_s, end_s: Seconds until the passages, the first words of the answer, and
            the end; None for what never came.
    """

    text: str
    citations: tuple[Cited, ...]
    refused: bool
    passages_s: float | None
    first_s: float | None
    end_s: float


Ask = Callable[[str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One answer with its marks.

    Attributes:
        missing: Required facts that the answer does not mention.
        cites_expected: Whether a cited document is one of those labelled right.
    """

    question: Question
    answer: Answer
    missing: tuple[str, ...]
    claims: tuple[Claim, ...]
    cites_expected: bool

    @property
    def has_facts(self) -> bool:
        """Whether an answer was given and holds every required fact."""
        return not self.answer.refused and not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Counts of one kind of question.

    Attributes:
        n_facts: Answers with every required fact; of answerable questions only.
        n_cites_expected: Answers that cite a document labelled right.
        n_claims: Sentences and code blocks of the answers.
        n_resolved: Claims whose every number names a passage whose lines exist.
        n_supported: Claims that the cited lines hold.
        n_code_absent: Code spans and blocks that are not in the cited lines.
    """

    n: int
    n_refused: int
    n_facts: int
    n_cites_expected: int
    n_claims: int
    n_resolved: int
    n_supported: int
    n_code: int
    n_code_absent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """Median and 95th percentile; None when nothing was measured."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersReport:
    """The figures.

    Attributes:
        misses: Id of every question that was not answered as labelled, and why.
    """

    answerable: Group
    unanswerable: Group
    by_kind: dict[str, Group]
    passages_s: Seconds
    first_s: Seconds
    end_s: Seconds
    misses: dict[str, str]


def read_labelled(file: Path) -> tuple[Question, ...]:
    """Read labelled questions, one JSON object a line.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is not a labelled question, or there are none.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    found = tuple(
        _question(line, f"{file.name}:{at}") for at, line in enumerate(lines, 1) if line.strip()
    )
    if not found:
        raise ValueError(f"{file} holds no labelled questions")
    return found


def _question(line: str, place: str) -> Question:
    try:
        fields = json.loads(line)
        return Question(
            question_id=str(fields.get("id", place)),
            text=str(fields["question"]),
            expected=frozenset(map(str, fields["expected_docs"])),
            must_mention=tuple(
                re.compile(str(text), re.IGNORECASE) for text in fields["must_mention"]
            ),
            kind=str(fields.get("type", "other")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, re.error) as exc:
        raise ValueError(f"{place} is not a labelled question: {exc}") from exc


def chosen(
    questions: Sequence[Question],
    *,
    kinds: Collection[str] = (),
    limit: int | None = None,
    seed: int | None = None,
) -> tuple[Question, ...]:
    """Some of the questions: of these kinds (none named: all), drawn by a seed, at most so many.

    Raises:
        ValueError: No question is of these kinds.
    """
    kept = [question for question in questions if not kinds or question.kind in kinds]
    if not kept:
        known = ", ".join(sorted({question.kind for question in questions}))
        raise ValueError(f"no question is of these kinds; there are {known}")
    if seed is not None:
        random.Random(seed).shuffle(kept)  # noqa: S311
    return tuple(kept[:limit])


async def evaluate_answers(
    questions: Sequence[Question], ask: Ask, read_lines: ReadLines, progress: Progress
) -> tuple[Judged, ...]:
    """Ask every question once, one after the other.

    Args:
        read_lines: Lines of a document by its path, or None when there is no such place.
    """
    judged: list[Judged] = []
    for at, question in enumerate(questions, 1):
        one = judge(question, await ask(question.text), read_lines)
        judged.append(one)
        marks = miss_of(one) or "as labelled"
        progress(f"{at}/{len(questions)} {question.question_id} {one.answer.end_s:.1f} s: {marks}")
    return tuple(judged)


def judge(question: Question, answer: Answer, read_lines: ReadLines) -> Judged:
    """Mark one answer."""
    places = {cited.number: (cited.path, cited.lines) for cited in answer.citations}
    claims = () if answer.refused else claims_of(answer.text, places, read_lines)
    missing = [need.pattern for need in question.must_mention if not need.search(answer.text)]
    return Judged(
        question=question,
        answer=answer,
        missing=tuple(missing),
        claims=claims,
        cites_expected=any(cited.path in question.expected for cited in answer.citations),
    )


def miss_of(judged: Judged) -> str:
    """Why an answer is not as labelled; empty when it is."""
    if not judged.question.expected:
        return "" if judged.answer.refused else "answered what no document answers"
    if judged.answer.refused:
        return "refused"
    wrong = [f"no citation holds: {claim.text[:60]}" for claim in judged.claims if not claim.holds]
    lacks = [f"lacks {pattern}" for pattern in judged.missing]
    return "; ".join((*lacks, *wrong))


def report(judged: Sequence[Judged]) -> AnswersReport:
    """Add up."""
    answerable = [one for one in judged if one.question.expected]
    kinds = sorted({one.question.kind for one in judged})
    return AnswersReport(
        answerable=_group(answerable),
        unanswerable=_group([one for one in judged if not one.question.expected]),
        by_kind={kind: _group([o for o in judged if o.question.kind == kind]) for kind in kinds},
        passages_s=_seconds([one.answer.passages_s for one in judged]),
        first_s=_seconds([one.answer.first_s for one in judged]),
        end_s=_seconds([one.answer.end_s for one in judged]),
        misses={one.question.question_id: why for one in judged if (why := miss_of(one))},
    )


def _group(judged: Sequence[Judged]) -> Group:
    claims = [claim for one in judged for claim in one.claims]
    return Group(
        n=len(judged),
        n_refused=sum(one.answer.refused for one in judged),
        n_facts=sum(one.has_facts and bool(one.question.expected) for one in judged),
        n_cites_expected=sum(one.cites_expected for one in judged),
        n_claims=len(claims),
        n_resolved=sum(claim.resolves for claim in claims),
        n_supported=sum(claim.supported for claim in claims),
        n_code=sum(claim.n_code for claim in claims),
        n_code_absent=sum(claim.n_code_absent for claim in claims),
    )


def _seconds(values: Sequence[float | None]) -> Seconds:
    known = sorted(value for value in values if value is not None)
    if not known:
        return Seconds(p50=None, p95=None)
    last = len(known) - 1
    return Seconds(p50=round(known[last // 2], 2), p95=round(known[round(last * 0.95)], 2))

"""An answer from documents for programs: its text, what it cites, and whether it is a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from bot.messages import Note, Passage, Passages, Reply

from .citations import cited_numbers, said_of
from .layout import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a number in the answer stands for.

    Attributes:
        lines: First and last line of the passage, 1-based, inclusive.
        quote: What the answer takes from it, in the answer's order.
    """

    number: int
    path: str
    title: str
    heading: str
    lines: tuple[int, int]
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """One answer.

    Attributes:
        answer: The sentences with their [n], code between fences; the refusal when refused.
        refused: Whether it says that no document answers.
        passages: Everything that was found, cited or not; empty when refused.
    """

    answer: str
    citations: tuple[Citation, ...]
    refused: bool
    passages: tuple[Passage, ...]
    notes: tuple[str, ...]


def record_of(reply: Reply) -> AnswerRecord:
    """What a finished reply of the knowledge skill says."""
    text = text_of(reply.parts)
    rows = tuple(row for part in reply.parts if isinstance(part, Passages) for row in part.rows)
    cited = cited_numbers(text)
    return AnswerRecord(
        answer=text,
        citations=tuple(_citation(row, text) for row in rows if row.number in cited),
        refused=not rows,
        passages=rows,
        notes=tuple(part.text for part in reply.parts if isinstance(part, Note)),
    )


def _citation(row: Passage, text: str) -> Citation:
    return Citation(
        number=row.number,
        path=row.path,
        title=row.title,
        heading=row.heading,
        lines=row.lines,
        quote=said_of(text, row.number),
    )

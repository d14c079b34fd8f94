"""Which statements of the passages answer a question. Pure.

Scores are sums of four things: how near a statement is in meaning, how many of the question's words
it holds, rare ones counting more, how well its passage was ranked, and whether its document is the
one that fits best as a whole.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from statistics import fmean

from bot.addressed import speaks_to_machines
from knowledge import Hit, terms

from .statements import Kind, Statement, statements

_MEANING = 1.0
_WORDS = 0.4
_RANK = 0.25
_DOCUMENT = 0.2
_N_TELLING = 3
"""Statements by which documents are compared."""

_NEAR = 0.9
"""Share of a score that the statements next to one inherit: answers stand together."""

_LEAST = 0.4
"""Share of the best score from which a statement is worth saying."""

MAX_CHARS = 1300
"""Length of an answer, without citations."""

_MAX_CODE_LINES = 12
_MIN_TERMS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A statement that an answer may quote.

    Attributes:
        header: Title and headings of its passage.
        document: What tells its document from others.
        rank: Place of its passage in the search, from 0.
        lead: Index of the candidate that announces this one ("run:"), or None.
    """

    statement: Statement
    header: str
    document: str
    rank: int
    lead: int | None = None

    @property
    def embedded_text(self) -> str:
        """What is compared with the question: where it stands, then what it says."""
        return f"{self.header}\n{self.statement.text}"


def candidates(hits: Sequence[Hit], ranks: Sequence[int]) -> tuple[Candidate, ...]:
    """Everything the passages say to people, in reading order; what was said before is left out.

    Args:
        hits: In the order of their numbers, the first being 1.
        ranks: Place of each in the search, from 0.
    """
    found: list[Candidate] = []
    seen: set[str] = set()
    for number, (hit, rank) in enumerate(zip(hits, ranks, strict=True), start=1):
        header = " > ".join(filter(None, (hit.title, hit.heading)))
        lead: int | None = None
        for said in statements(number, _for_people(hit.text), hit.lines[0]):
            if said.text in seen or speaks_to_machines(said.text) or _is_unfit(said):
                continue
            seen.add(said.text)
            is_led = said.kind is not Kind.SENTENCE
            found.append(
                Candidate(
                    statement=said,
                    header=header,
                    document=f"{hit.source}:{hit.path}",
                    rank=rank,
                    lead=lead if is_led else None,
                )
            )
            if said.announces:
                lead = len(found) - 1
            elif said.kind is Kind.SENTENCE:
                lead = None
    return tuple(found)


def _for_people(text: str) -> str:
    """A text with the paragraphs that speak to machines blanked, so that lines keep their places."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        "\n" * paragraph.count("\n") if speaks_to_machines(paragraph) else paragraph
        for paragraph in paragraphs
    )


def _is_unfit(said: Statement) -> bool:
    """A word alone; code that is too long, or whose fence was not closed where it should be."""
    if said.kind is not Kind.CODE:
        return said.kind is Kind.SENTENCE and len(set(terms(said.text))) < _MIN_TERMS
    return said.text.count("\n") >= _MAX_CODE_LINES or "```" in said.text


def scores(
    question: str, among: Sequence[Candidate], similarities: Sequence[float] | None
) -> list[float]:
    """How well each candidate fits the question.

    Args:
        similarities: Cosine of each with the question; None when there was no encoder.
    """
    near = similarities if similarities is not None else [0.0] * len(among)
    words = _coverage(question, among)
    own = [
        _MEANING * near[at] + _WORDS * words[at] + _RANK / (1 + one.rank)
        for at, one in enumerate(among)
    ]
    best = _best_document(own, among)
    own = [fit + _DOCUMENT * (among[at].document == best) for at, fit in enumerate(own)]
    return [max(own[at], *_inherited(own, among, at)) for at in range(len(among))]


def _best_document(own: Sequence[float], among: Sequence[Candidate]) -> str:
    """The document whose best few statements are best on average."""
    by_document: dict[str, list[float]] = {}
    for one, fit in zip(among, own, strict=True):
        by_document.setdefault(one.document, []).append(fit)
    return max(
        by_document,
        key=lambda name: fmean(nlargest(_N_TELLING, by_document[name])),
        default="",
    )


def _inherited(own: Sequence[float], among: Sequence[Candidate], at: int) -> list[float]:
    here = among[at].statement.source
    beside = [i for i in (at - 1, at + 1) if 0 <= i < len(among)]
    return [0.0, *(_NEAR * own[i] for i in beside if among[i].statement.source == here)]


def _coverage(question: str, among: Sequence[Candidate]) -> list[float]:
    """Share of the question's terms that each statement holds, weighted by rarity among them."""
    held = [frozenset(terms(one.statement.text)) for one in among]
    n_with = Counter(term for each in held for term in each)
    weights = {term: math.log(1 + len(among) / (1 + n_with[term])) for term in set(terms(question))}
    total = sum(weights.values()) or 1.0
    return [sum(weights[term] for term in weights.keys() & each) / total for each in held]


def pick(
    among: Sequence[Candidate], fit: Sequence[float], max_chars: int = MAX_CHARS
) -> tuple[int, ...]:
    """Indices of the best candidates within a length, leads with what they lead.

    The best one is always in. Its document comes first; each is told in its own order.
    """
    kept: set[int] = set()
    n_chars = 0
    least = _LEAST * max(fit, default=0.0)
    for at in sorted(range(len(among)), key=lambda i: -fit[i]):
        if kept and fit[at] < least:
            break
        wanted = {at, *_led_by(among, at)} - kept
        size = sum(len(among[i].statement.text) for i in wanted)
        if kept and n_chars + size > max_chars:
            continue
        kept |= wanted
        n_chars += size
    said = [at for at in kept if not _announces_nothing(among, at, kept)]
    best: dict[str, float] = {}
    for at in said:
        best[among[at].document] = max(fit[at], best.get(among[at].document, fit[at]))
    return tuple(sorted(said, key=lambda at: (-best[among[at].document], at)))


def _announces_nothing(among: Sequence[Candidate], at: int, kept: set[int]) -> bool:
    """Whether what a candidate announces is left out, and it is not all there is to say."""
    if not among[at].statement.announces or len(kept) == 1:
        return False
    return not any(among[other].lead == at for other in kept)


def _led_by(among: Sequence[Candidate], at: int) -> set[int]:
    """What belongs to a candidate: its lead; for a lead, the first thing that it announces."""
    lead = among[at].lead
    found = set[int]() if lead is None else {lead}
    if at + 1 < len(among) and among[at + 1].lead == at:
        found.add(at + 1)
    return found

"""Which statements of the passages answer a question. Pure.

Scores are sums: how near a statement is in meaning, how many of the question's words it and its
headings hold, rare ones counting more, how well its passage was ranked, whether its document is the
one that fits best as a whole, and whether it has the sort of thing that is asked for. The weights
are round numbers: others, drawn by chance or fitted, did not do better on questions held out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from statistics import fmean

from bot.addressed import speaks_to_machines
from knowledge import Hit, terms

from .asked_for import share_asked_for
from .statements import Kind, Statement, statements

_MEANING = 1.0
_WORDS = 0.6
_HEADINGS = 0.1
_RANK = 0.3
_DOCUMENT = 0.2
_ASKED_FOR = 0.35
_N_TELLING = 3
"""Statements by which documents are compared."""

_BEHIND = 0.9
_BEFORE = 0.85
"""Share of a score that the statement behind one and the one before it inherit: answers stand
together."""

_LEAST = 0.75
"""Share of the best score from which a statement is worth saying."""

_FEW = 3
_LEAST_OF_FEW = 0.4
"""The same share while only so few are chosen."""

MAX_CHARS = 1300
"""Most of an answer, without citations."""

_COMPARED = 48
"""Statements whose meaning is compared with the question; each costs some milliseconds."""

_IN_FOUND = 0.15
_FAR = 0.05
"""How much farther than the average a statement counts that was not compared."""

_HEADER_CHARS = 60
_COMPARED_CHARS = 240

_REVIEWED = re.compile(r"(?:last )?(?:reviewed|updated|modified)\b.{0,40}$", re.IGNORECASE)
_MAX_CODE_LINES = 12
_MIN_TERMS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A statement that an answer may quote.

    Attributes:
        header: Title and headings of its passage.
        document: What tells its document from others.
        rank: Place of its passage in the search, from 0.
        is_in_found: Whether it stands in the piece that was found, not in what was added around it.
        lead: Index of the candidate that announces this one ("run:"), or None.
    """

    statement: Statement
    header: str
    document: str
    rank: int
    is_in_found: bool = True
    lead: int | None = None

    @property
    def embedded_text(self) -> str:
        """What is compared with the question: the heading it stands under, then what it says."""
        heading = self.header.rsplit(" > ", 1)[-1]
        return f"{heading[:_HEADER_CHARS]}\n{self.statement.text[:_COMPARED_CHARS]}"


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
                    is_in_found=_is_in(said.lines, hit.matched_lines or hit.lines),
                    lead=lead if is_led else None,
                )
            )
            if said.announces:
                lead = len(found) - 1
            elif said.kind is Kind.SENTENCE:
                lead = None
    return tuple(found)


def _is_in(lines: tuple[int, int], found: tuple[int, int]) -> bool:
    return found[0] <= lines[0] and lines[1] <= found[1]


def _for_people(text: str) -> str:
    """A text with the paragraphs that speak to machines blanked, so that lines keep their places."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        "\n" * paragraph.count("\n") if speaks_to_machines(paragraph) else paragraph
        for paragraph in paragraphs
    )


def _is_unfit(said: Statement) -> bool:
    """A word alone; when a document was reviewed; code that is too long, or whose fence was not closed where it should be."""
    if said.kind is not Kind.CODE:
        is_short = len(set(terms(said.text))) < _MIN_TERMS
        return said.kind is Kind.SENTENCE and (is_short or bool(_REVIEWED.match(said.text)))
    return said.text.count("\n") >= _MAX_CODE_LINES or "```" in said.text


def worth_comparing(wanted: str, among: Sequence[Candidate]) -> list[int]:
    """Indices of the candidates whose meaning is worth comparing, in order.

    Args:
        wanted: The question, and the English words for it when it is in another language.
    """
    words = _coverage(wanted, among, [one.statement.text for one in among])
    promise = [
        words[at] + _IN_FOUND * one.is_in_found + _RANK / (1 + one.rank) / 3
        for at, one in enumerate(among)
    ]
    return sorted(nlargest(_COMPARED, range(len(among)), key=lambda at: promise[at]))


def scores(
    wanted: str, among: Sequence[Candidate], similarities: Mapping[int, float]
) -> list[float]:
    """How well each candidate fits the question.

    Args:
        wanted: As for `worth_comparing`.
        similarities: Index of a candidate -> its cosine with the question; empty when there was
            no encoder.
    """
    far = fmean(similarities.values()) - _FAR if similarities else 0.0
    texts = [one.statement.text for one in among]
    words = _coverage(wanted, among, texts)
    headings = _coverage(wanted, among, [one.header for one in among])
    own = [
        _MEANING * similarities.get(at, far)
        + _WORDS * words[at]
        + _HEADINGS * headings[at]
        + _RANK / (1 + one.rank)
        + _ASKED_FOR * share_asked_for(wanted, texts[at])
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
    beside = [(at - 1, _BEHIND), (at + 1, _BEFORE)]
    found = [
        share * own[i]
        for i, share in beside
        if 0 <= i < len(among) and among[i].statement.source == here
    ]
    return [0.0, *found]


def _coverage(wanted: str, among: Sequence[Candidate], texts: Sequence[str]) -> list[float]:
    """Share of the question's terms that each text holds, weighted by rarity in the statements."""
    n_with = Counter(term for one in among for term in set(terms(one.statement.text)))
    weights = {term: math.log(1 + len(among) / (1 + n_with[term])) for term in set(terms(wanted))}
    total = sum(weights.values()) or 1.0
    held = (set(terms(text)) for text in texts)
    return [sum(weights[term] for term in weights.keys() & each) / total for each in held]


def pick(
    among: Sequence[Candidate], fit: Sequence[float], max_chars: int = MAX_CHARS
) -> tuple[int, ...]:
    """Indices of the best candidates within a length, leads with what they lead.

    The best one is always in and comes first, with what belongs to it; a list item comes in its
    list. Then the rest of its document follows, best paragraph first, each in its own order.
    """
    kept: set[int] = set()
    n_chars = 0
    best = max(fit, default=0.0)
    for at in sorted(range(len(among)), key=lambda i: -fit[i]):
        least = _LEAST if len(kept) >= _FEW else _LEAST_OF_FEW
        if kept and fit[at] < least * best:
            break
        wanted = {at, *_led_by(among, at)} - kept
        size = sum(len(among[i].statement.text) for i in wanted)
        if kept and n_chars + size > max_chars:
            continue
        kept |= wanted
        n_chars += size
    said = [at for at in kept if not _announces_nothing(among, at, kept)]
    return _in_telling_order(among, fit, sorted(said))


def _in_telling_order(
    among: Sequence[Candidate], fit: Sequence[float], said: Sequence[int]
) -> tuple[int, ...]:
    first = _told_first(among, fit, said)
    paragraphs: list[list[int]] = []
    for at in said:
        if at in first:
            continue
        if paragraphs and _stand_together(among, paragraphs[-1][-1], at):
            paragraphs[-1].append(at)
        else:
            paragraphs.append([at])
    best: dict[str, float] = {}
    for at in said:
        best[among[at].document] = max(fit[at], best.get(among[at].document, fit[at]))

    def place(paragraph: list[int]) -> tuple[float, str, float]:
        document = among[paragraph[0]].document
        return -best[document], document, -max(fit[at] for at in paragraph)

    rest = (at for paragraph in sorted(paragraphs, key=place) for at in paragraph)
    return (*first, *rest)


def _told_first(
    among: Sequence[Candidate], fit: Sequence[float], said: Sequence[int]
) -> tuple[int, ...]:
    """The best statement with its lead or its code; nothing for an item or for what leads a list."""
    best = max(said, key=lambda at: fit[at], default=None)
    if best is None or among[best].statement.kind is Kind.ITEM:
        return ()
    if any(among[at].lead == best and among[at].statement.kind is Kind.ITEM for at in said):
        return ()
    return tuple(at for at in said if at == best or at in _led_by(among, best))


def _stand_together(among: Sequence[Candidate], before: int, behind: int) -> bool:
    """Whether nothing was left out between two statements, or one list or lead holds both."""
    first, second = among[before], among[behind]
    if second.lead is not None and second.lead in (before, first.lead):
        return True
    same = (first.statement.source, first.header) == (second.statement.source, second.header)
    return same and behind == before + 1


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

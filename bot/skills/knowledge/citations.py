"""Which sentences of an answer the passages support, and which passage that is.

A small model copies well and numbers badly. So its citation is only a claim: when the cited passage
does not hold the sentence but another one clearly does, the citation is corrected; when none does,
the sentence is withheld. Pure functions over text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge import terms

MIN_SUPPORT = 0.7
"""Share of a sentence's terms that a cited passage must hold."""

CLEAR_SUPPORT = 0.75
"""Share from which a passage is cited although the model cited another, or none."""

_MIN_TERMS = 3
_CITATION = re.compile(r"`[^`\n]*`|\[(\d{1,2})\]")  # brackets inside code are code
_CODE = re.compile(r"`([^`\n]+)`")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![\w/])(?:--[a-z][\w-]+|\w+_\w+|[A-Z]?[a-z]+[A-Z]\w+|/[\w./-]+\w)")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s+")
_BETWEEN_SENTENCES = re.compile(r"(?<=\])\.?\s+(?=[^\[\s.])")


class Fault(StrEnum):
    """Why a sentence is withheld."""

    FRAGMENT = "says too little to be checked"
    CODE_NOT_FOUND = "code that is in no passage"
    NUMBER_NOT_FOUND = "a number that is in no passage"
    NOT_SUPPORTED = "in no passage"


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence in its final form, and why it is withheld; None when it may be shown."""

    text: str
    fault: Fault | None


def complete_sentences(text: str, *, is_final: bool) -> list[str]:
    """Cut a growing answer into sentences; what may still grow is left out unless final."""
    lines = text.split("\n")
    if not is_final:
        lines = lines[:-1]
    pieces = (piece for line in lines for piece in _BETWEEN_SENTENCES.split(line))
    return [piece for piece in (_BULLET.sub("", piece).strip() for piece in pieces) if piece]


def check(sentence: str, sources: Mapping[int, str]) -> Checked:
    """Hold one sentence against the passages it cites, then against the others.

    Args:
        sources: The passages by number, the first line being title and headings.

    Returns:
        The sentence with the citations that hold, or with what is wrong with the first cited.
    """
    claim = _without_citations(sentence)
    if len(set(terms(claim))) < _MIN_TERMS or _is_a_title(claim, sources):
        return Checked(sentence, Fault.FRAGMENT)
    faults = {
        number: _fault(claim, sources[number], MIN_SUPPORT)
        for number in cited_numbers(sentence)
        if number in sources
    }
    held = [number for number, fault in faults.items() if fault is None]
    if held:
        return Checked(_worded(claim, held), None)
    best = max(sources, key=lambda number: support(claim, sources[number]), default=None)
    if best is not None and _fault(claim, sources[best], CLEAR_SUPPORT) is None:
        return Checked(_worded(claim, [best]), None)
    return Checked(sentence, next(iter(faults.values()), None) or Fault.NOT_SUPPORTED)


def _is_a_title(claim: str, sources: Mapping[int, str]) -> bool:
    headers = (source.partition("\n")[0] for source in sources.values())
    return any(support(claim, header) >= CLEAR_SUPPORT for header in headers)


def _fault(claim: str, passage: str, min_support: float) -> Fault | None:
    if support(claim, passage) < min_support:
        return Fault.NOT_SUPPORTED
    if not _holds_code(claim, passage):
        return Fault.CODE_NOT_FOUND
    if not set(_NUMBER.findall(claim)) <= set(_NUMBER.findall(passage)):
        return Fault.NUMBER_NOT_FOUND
    return None


def support(claim: str, passage: str) -> float:
    """Share of a claim's distinct terms that a passage holds; 0 for a claim without any."""
    said = set(terms(claim))
    return len(said & set(terms(passage))) / len(said) if said else 0.0


def _holds_code(claim: str, passage: str) -> bool:
    """Whether every code span and every name that looks like code stands there verbatim."""
    spans = [span.strip() for span in _CODE.findall(claim)]
    names = _NAME.findall(_CODE.sub(" ", claim))
    return all(text in passage for text in (*spans, *names))


def cited_numbers(text: str) -> tuple[int, ...]:
    """The numbers in brackets, each once, in order."""
    return tuple(dict.fromkeys(int(number) for number in _CITATION.findall(text) if number))


def _without_citations(text: str) -> str:
    kept = _CITATION.sub(lambda match: " " if match[1] else match[0], text)
    return " ".join(kept.split())


def is_off_topic(sentence: str, question: str, best_document: frozenset[int]) -> bool:
    """Whether a sentence comes from a lesser document and shares no word with the question.

    Args:
        sentence: With its checked citations.
        best_document: Numbers of the passages of the document that fits best.
    """
    if best_document & set(cited_numbers(sentence)):
        return False
    return not set(terms(_without_citations(sentence))) & set(terms(question))


def _worded(claim: str, numbers: list[int]) -> str:
    """One full stop, then the citations; bold as chat writes it."""
    body = claim.replace("**", "*").rstrip(" .,;:")
    ending = "" if body.endswith(("?", "!")) else "."
    return f"{body}{ending} {''.join(f'[{number}]' for number in numbers)}"

"""Which sentences of an answer the cited passages support. Pure functions over text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge import terms

MIN_SUPPORT = 0.6
"""Share of a sentence's terms that its cited passages must hold."""

_CITATION = re.compile(r"\[(\d{1,2})\]")
_CODE = re.compile(r"`([^`\n]+)`")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![\w/])(?:--[a-z][\w-]+|\w+_\w+|[A-Z]?[a-z]+[A-Z]\w+|/[\w./-]+\w)")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d{1,2}[.)])\s+")
_BETWEEN_SENTENCES = re.compile(r"(?<=\])\.?\s+(?=[^\[\s])")


class Fault(StrEnum):
    """Why a sentence is withheld."""

    NO_CITATION = "no citation"
    UNKNOWN_SOURCE = "cites a source that was not given"
    CODE_NOT_FOUND = "code not in the source"
    NUMBER_NOT_FOUND = "number not in the source"
    NOT_SUPPORTED = "not supported by the source"


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
    """Hold one sentence against the passages it cites.

    Args:
        sources: The passages by number, with their titles and headings.
    """
    text = _tidy(sentence)
    return Checked(text, _fault(text, sources))


def _fault(text: str, sources: Mapping[int, str]) -> Fault | None:
    numbers = cited_numbers(text)
    if not numbers:
        return Fault.NO_CITATION
    if any(number not in sources for number in numbers):
        return Fault.UNKNOWN_SOURCE
    cited = "\n".join(sources[number] for number in numbers)
    claim = _CITATION.sub("", text)
    if not _holds_code(claim, cited):
        return Fault.CODE_NOT_FOUND
    if not set(_NUMBER.findall(claim)) <= set(_NUMBER.findall(cited)):
        return Fault.NUMBER_NOT_FOUND
    return None if support(claim, cited) >= MIN_SUPPORT else Fault.NOT_SUPPORTED


def support(claim: str, cited: str) -> float:
    """Share of a claim's distinct terms that the cited text holds; 0 for a claim without any."""
    said = set(terms(claim))
    return len(said & set(terms(cited))) / len(said) if said else 0.0


def _holds_code(claim: str, cited: str) -> bool:
    """Whether every code span and every name that looks like code stands there verbatim."""
    spans = [span.strip() for span in _CODE.findall(claim)]
    names = _NAME.findall(_CODE.sub(" ", claim))
    return all(span in cited for span in (*spans, *names))


def cited_numbers(text: str) -> tuple[int, ...]:
    """The numbers in brackets, each once, in order."""
    return tuple(dict.fromkeys(int(number) for number in _CITATION.findall(text)))


def _tidy(sentence: str) -> str:
    """Citations behind the sentence, one full stop in front of them."""
    numbers = "".join(f"[{number}]" for number in cited_numbers(sentence))
    body = " ".join(_CITATION.sub("", sentence).split())
    body = re.sub(r"\s+([.,;:])", r"\1", body).rstrip(" .,;:")
    ending = "" if body.endswith(("?", "!")) else "."
    return f"{body}{ending} {numbers}".strip()

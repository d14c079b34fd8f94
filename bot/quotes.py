"""Does a sentence claim only what its evidence contains? Pure text in, verdict out.

A sentence of a model may stand when every text it quotes is in the evidence, every word with a
digit in it is a word of the evidence, and every [n] it cites exists. This can't tell whether the
sentence is right, but a made-up line, address or number never passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CITATION = re.compile(r"\[(\d{1,3}(?:\s*[,-]\s*\d{1,3})*)\]")
_PAIRS = (("`", "`"), ('"', '"'), ("“", "”"), ("«", "»"), ("„", "“"), ("\u2018", "\u2019"))
_QUOTED = re.compile(
    "|".join(f"{re.escape(a)}([^{re.escape(a)}{re.escape(b)}]*){re.escape(b)}" for a, b in _PAIRS)
    + r"|(?<!\w)'([^']+)'(?!\w)"
)
_MARKS = re.compile('[`"“”«»„]')
_WITH_DIGIT = re.compile(r"[\w.:/%@#-]*\d[\w.:/%@#-]*")
_PARTS = re.compile(r"[:/@#=%-]")
_UNIT = re.compile(r"(\d[\d.]*)(?:[a-zA-Zµ]{1,3}|%|×)")
_EDGES = ".:/-#@"
_THOUSANDS = re.compile(r"(?<=\d)[,\u202f'](?=\d{3}(?!\d))")
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)[\"'”’)\]]*\s+(?=[A-Z\"'“\u2018(`\[])|\n+"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a text.

    Attributes:
        sentences: Those that may be shown, as they were written.
        n_withheld: How many were dropped.
    """

    sentences: tuple[str, ...]
    n_withheld: int


def split_sentences(text: str) -> tuple[str, ...]:
    """Cut a text into sentences; every word of it is in exactly one of them."""
    parts: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        parts.append(text[start : match.end()].strip())
        start = match.end()
    parts.append(text[start:].strip())
    return tuple(part for part in parts if part)


def unsupported(sentence: str, evidence: str, n_cited: int | None = None) -> str:
    """Why a sentence may not be shown, in a few words; empty when it may.

    Args:
        evidence: All text that the writer was given.
        n_cited: How many numbered entries [1]..[n] there are; None: citations are not checked.
    """
    if n_cited is not None and not _cites_existing(sentence, n_cited):
        return "citation of nothing"
    bare = _CITATION.sub("", sentence)
    known = _squeezed(evidence)
    for match in _QUOTED.finditer(bare):
        quoted = next((group for group in match.groups() if group), "")
        if _squeezed(quoted) not in known:
            return "quote not found"
    if _MARKS.search(_QUOTED.sub("", bare)):
        return "quote without an end"
    words = _words_with_digits(evidence)
    words |= {part for word in words for part in _PARTS.split(word)}
    words |= {_without_unit(word) for word in words}
    found = {_without_unit(word) for word in _words_with_digits(bare)}
    return "" if found <= words else "number not found"


def check(sentences: Iterable[str], evidence: str, n_cited: int | None = None) -> Checked:
    """Keep the sentences that claim only what the evidence contains."""
    kept: list[str] = []
    n_withheld = 0
    for sentence in sentences:
        if unsupported(sentence, evidence, n_cited):
            n_withheld += 1
        else:
            kept.append(sentence)
    return Checked(tuple(kept), n_withheld)


def _cites_existing(sentence: str, n_cited: int) -> bool:
    numbers = (int(n) for group in _CITATION.findall(sentence) for n in re.findall(r"\d+", group))
    return all(1 <= number <= n_cited for number in numbers)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _words_with_digits(text: str) -> set[str]:
    found = _WITH_DIGIT.finditer(_THOUSANDS.sub("", text))
    return {match.group().strip(_EDGES) for match in found}


def _without_unit(word: str) -> str:
    """ "500ms" as "500": evidence and sentence may write the unit apart or not."""
    match = _UNIT.fullmatch(word)
    return match.group(1) if match else word

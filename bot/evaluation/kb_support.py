"""Does each sentence of an answer stand in the lines it cites? Judged from the documents alone.

Stricter than what the bot holds itself to, and without anything of it: words are compared as they
are written, every number and every piece of code must stand in the cited lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

ReadLines = Callable[[str, tuple[int, int]], str | None]
"""The lines of a document, both ends inclusive from 1; None when there is no such place."""

MIN_WORDS = 0.8
"""Share of a sentence's words that the cited lines must hold."""

_FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
_SPAN = re.compile(r"(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)")
_CITED = re.compile(r"(?:\s*\[\d{1,2}\])+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W\d_]{3,}")
_ORDINAL = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*\u2022])\s+", re.MULTILINE)
_ANNOUNCES = re.compile(r"^[^\d\ue000]*[:\uff1a]\s*$")
_PLACEHOLDER = "\ue000{}\ue001"
_HELD = re.compile("\ue000(\\d+)\ue001")
_SMALL_WORDS = (
    "the and for are was were has have had not but you your can may will with that this from "
    "its any all one out off per via when then than into also use used"
)
_SMALL = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence or code block of an answer, up to its citation.

    Attributes:
        resolves: It cites something, and all of it exists.
        supported: The cited lines hold its words, numbers and code.
        n_code: Code spans and blocks in it.
        n_code_absent: Those that are not in the cited lines.
    """

    text: str
    resolves: bool
    supported: bool
    n_code: int
    n_code_absent: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.resolves and self.supported and not self.n_code_absent


def claims_of(
    text: str, places: Mapping[int, tuple[str, tuple[int, int]]], read_lines: ReadLines
) -> tuple[Claim, ...]:
    """Cut an answer at its citations and judge every piece.

    Args:
        places: Path and lines that each number of the answer stands for.
    """
    return tuple(
        _judge(piece, code, [places.get(number) for number in numbers], read_lines)
        for piece, code, numbers in _pieces(text)
    )


def _pieces(text: str) -> Iterator[tuple[str, list[str], list[int]]]:
    """Words, code and cited numbers of each piece of a line; behind its last citation none are.

    A line that only says that quotations follow is no claim.
    """
    code: list[str] = []

    def keep(match: re.Match[str]) -> str:
        code.append(match[match.lastindex or 0])
        return _PLACEHOLDER.format(len(code) - 1)

    for line in _SPAN.sub(keep, _FENCED.sub(keep, text)).splitlines():
        begin = 0
        for match in _CITED.finditer(line):
            piece = line[begin : match.start()]
            begin = match.end()
            yield _piece(piece, code, [int(number) for number in re.findall(r"\d+", match[0])])
        rest = line[begin:]
        if (_WORD.search(rest) or _HELD.search(rest)) and not _ANNOUNCES.search(rest):
            yield _piece(rest, code, [])


def _piece(piece: str, code: list[str], numbers: list[int]) -> tuple[str, list[str], list[int]]:
    spans = [code[int(at)] for at in _HELD.findall(piece)]
    return _ORDINAL.sub("", _HELD.sub(" ", piece)).strip(" .\n"), spans, numbers


def _judge(
    words: str,
    code: list[str],
    cited: list[tuple[str, tuple[int, int]] | None],
    read_lines: ReadLines,
) -> Claim:
    texts = [read_lines(*place) if place is not None else None for place in cited]
    evidence = "\n".join(text for text in texts if text is not None)
    absent = sum(_squeezed(span) not in _squeezed(evidence) for span in code)
    return Claim(
        text=words or " ".join(code),
        resolves=bool(texts) and all(text is not None for text in texts),
        supported=not absent and _says(evidence, words),
        n_code=len(code),
        n_code_absent=absent,
    )


def _says(evidence: str, claim: str) -> bool:
    known = set(_words(evidence))
    said = set(_words(claim))
    share = len(said & known) / len(said) if said else 1.0
    numbers = set(_NUMBER.findall(claim)) <= set(_NUMBER.findall(evidence))
    return bool(evidence) and share >= MIN_WORDS and numbers


def _words(text: str) -> Iterator[str]:
    return (word for word in map(str.casefold, _WORD.findall(text)) if word not in _SMALL)


def _squeezed(text: str) -> str:
    return " ".join(text.split())

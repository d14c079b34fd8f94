"""What a text's words stand for, the same in every language: `restart`, `every`, `owner`.

Read from the package's own table. No grammar is attempted: words and short phrases are looked up,
the longest first, from left to right. So what was learned in one language helps in the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PIECE = re.compile(
    rf"{_CJK.pattern}+|(?:(?!{_CJK.pattern})[^\W_]|['\u2019#.-](?=[^\W_]))+|[^\w\s]"
)
_LONGEST_PHRASE = 5
_SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The table, by how its terms are looked up.

    Attributes:
        phrases: Words joined by spaces -> concepts.
        prefixes: Beginning of a word -> concepts.
        characters: Chinese and Japanese terms -> concepts.
    """

    phrases: Mapping[str, tuple[str, ...]]
    prefixes: Mapping[str, tuple[str, ...]]
    characters: Mapping[str, tuple[str, ...]]

    def found(self, text: str) -> Iterator[str]:
        """The concepts in the order of the text."""
        pieces = _PIECE.findall(text.lower().replace("\u2019", "'"))
        at = 0
        while at < len(pieces):
            if _CJK.match(pieces[at]):
                yield from self._in_characters(pieces[at])
                at += 1
                continue
            n_used, concepts = self._at(pieces, at)
            yield from concepts
            at += n_used

    def _at(self, pieces: list[str], at: int) -> tuple[int, tuple[str, ...]]:
        for n in range(min(_LONGEST_PHRASE, len(pieces) - at), 0, -1):
            concepts = self.phrases.get(" ".join(pieces[at : at + n]))
            if concepts:
                return n, concepts
        word = pieces[at]
        for end in range(len(word), _SHORTEST_PREFIX - 1, -1):
            concepts = self.prefixes.get(word[:end])
            if concepts:
                return 1, concepts
        return 1, ()

    def _in_characters(self, run: str) -> Iterator[str]:
        longest = max(map(len, self.characters), default=0)
        at = 0
        while at < len(run):
            sizes = range(min(longest, len(run) - at), 0, -1)
            size = next((n for n in sizes if run[at : at + n] in self.characters), 0)
            if size:
                yield from self.characters[run[at : at + size]]
            at += size or 1


def concepts(text: str) -> tuple[str, ...]:
    """The concepts of a text in their order, by the shipped table."""
    return tuple(shipped().found(text))


@cache
def shipped() -> Lexicon:
    """The table of this package.

    Raises:
        ValueError: A line is not `name: term, term`.
    """
    file = files("bot.router").joinpath("data", "concepts.txt")
    return read(file.read_text(encoding="utf-8"))


def read(content: str) -> Lexicon:
    """A table from its text.

    Raises:
        ValueError: A line is not `name: term, term`.
    """
    tables: tuple[dict[str, list[str]], ...] = ({}, {}, {})
    for line in content.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, terms = line.partition(": ")
        if not separator or not name.isalpha():
            raise ValueError(f"{line!r} is not a concept with its terms")
        for term in filter(None, map(str.strip, terms.lower().split(","))):
            table, key = _place(term)
            known = tables[table].setdefault(key, [])
            if name not in known:
                known.append(name)
    phrases, prefixes, characters = (
        {key: tuple(names) for key, names in table.items()} for table in tables
    )
    # A whole word is also the beginning of itself.
    phrases |= {key: phrases[key] + prefixes[key] for key in phrases.keys() & prefixes.keys()}
    return Lexicon(phrases=phrases, prefixes=prefixes, characters=characters)


def _place(term: str) -> tuple[int, str]:
    if _CJK.search(term):
        return 2, term.rstrip("*")
    if term.endswith("*") and " " not in term:
        return 1, term[:-1]
    return 0, " ".join(_PIECE.findall(term.rstrip("*")))

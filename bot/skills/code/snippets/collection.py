"""Finds the snippet that a request asks for: by words, and by meaning where there is an encoder."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbeddingError

from ..languages import Language
from .contradictions import contradicts
from .entry import SLOT, Snippet, read_snippets
from .values import Filling, fill
from .words import content_words, is_chinese

Embed = Callable[[Sequence[str]], Awaitable[NDArray[np.float32]]]

_FOLDER = Path(__file__).parent
_FILES: Mapping[Language, str] = {Language.KUBERNETES: "kubernetes", Language.SQL: "postgresql"}
_EXCELLENT = 0.62
_FAIR = 0.34
_MARGIN = 0.06
_LEXICAL_WEIGHT = 0.6
_CHINESE_REST = 0.25
_N_EXAMPLES = 2


class Grade(Enum):
    """How well a snippet answers a request."""

    EXCELLENT = "excellent"
    """It says what was asked, and everything that the request says is in it."""
    FAIR = "fair"
    """It is a good example for what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A snippet that was found.

    Attributes:
        score: From 0 to 1.
        filling: What of the request went into it, and what did not.
    """

    snippet: Snippet
    grade: Grade
    score: float
    filling: Filling

    @property
    def asked(self) -> str:
        """The snippet's first phrasing with the same values."""
        values = {**self.snippet.placeholders, **self.filling.values}
        return SLOT.sub(lambda m: values[m[1]], self.snippet.ask[0])

    @property
    def code(self) -> str:
        """The snippet with the request's values, and with its own examples for the others."""
        return self.snippet.filled(self.filling.values)

    @property
    def examples_left(self) -> Mapping[str, str]:
        """The placeholders for which the request says nothing, with their examples."""
        given = self.filling.values
        return {k: v for k, v in self.snippet.placeholders.items() if k not in given}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """A language's snippets with what is needed to rank them.

    Attributes:
        asks: Of every phrasing the index of its snippet, its text, and its words without values.
        weights: By word, how much it tells the snippets apart.
    """

    snippets: tuple[Snippet, ...]
    asks: tuple[tuple[int, str, frozenset[str]], ...]
    weights: Mapping[str, float]


class Collection:
    """The snippets of all languages; a language's file is read when it is first asked for.

    Args:
        embed: Turns texts into unit vectors, shape (n, d); None where there is no encoder.
        folder: One YAML file per language.
    """

    def __init__(self, embed: Embed | None = None, folder: Path = _FOLDER) -> None:
        self._embed = embed
        self._folder = folder
        self._shelves: dict[Language, _Shelf] = {}
        self._vectors: dict[Language, NDArray[np.float32]] = {}

    def snippets(self, language: Language) -> tuple[Snippet, ...]:
        """All snippets of a language; none where there is no file.

        Raises:
            SnippetError: The language's file is not as it must be.
        """
        return self._shelf(language).snippets

    async def find(self, language: Language, request: str) -> tuple[Match, ...]:
        """The snippets that answer a request or are good examples for it, best first, two at most.

        Only the first can be excellent.

        Raises:
            SnippetError: The language's file is not as it must be.
        """
        # The first look-up reads a file and prepares its phrasings.
        shelf = await asyncio.to_thread(self._shelf, language)
        if not shelf.snippets:
            return ()
        nearest = await asyncio.to_thread(_nearest, shelf, request)
        lexical = [score for score, _ in nearest]
        found = _matches(shelf, request, nearest, lexical)
        if found and found[0].grade is Grade.EXCELLENT:
            # The words alone say it: no encoder is waited for.
            return found
        semantic = await self._semantic(language, shelf, request)
        if semantic is None:
            return found
        share = _LEXICAL_WEIGHT
        both = [share * a + (1 - share) * b for a, b in zip(lexical, semantic, strict=True)]
        return _matches(shelf, request, nearest, both)

    def _shelf(self, language: Language) -> _Shelf:
        if language not in self._shelves:
            path = self._folder / f"{_FILES.get(language, language.value)}.yaml"
            self._shelves[language] = _shelve(read_snippets(path) if path.is_file() else ())
        return self._shelves[language]

    async def _semantic(
        self, language: Language, shelf: _Shelf, request: str
    ) -> list[float] | None:
        if self._embed is None or is_chinese(request):
            return None
        try:
            if language not in self._vectors:
                self._vectors[language] = await self._embed([ask for _, ask, _ in shelf.asks])
            (vector,) = await self._embed([request])
        except EmbeddingError:
            return None
        best = [0.0] * len(shelf.snippets)
        for (index, _, _), likeness in zip(
            shelf.asks, self._vectors[language] @ vector, strict=True
        ):
            best[index] = max(best[index], float(likeness))
        return best


def _matches(
    shelf: _Shelf, request: str, nearest: Sequence[tuple[float, str]], scores: Sequence[float]
) -> tuple[Match, ...]:
    """The best snippets by their scores, graded."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])[:_N_EXAMPLES]
    found: list[Match] = []
    for rank, index in enumerate(order):
        if scores[index] < _FAIR:
            break
        filling = fill(shelf.snippets[index], request)
        runner_up = scores[order[1]] if len(order) > 1 else 0.0
        clear = rank == 0 and scores[index] - runner_up >= _MARGIN
        excellent = (
            clear
            and scores[index] >= _EXCELLENT
            and _says_all(filling, request)
            and not contradicts(request, nearest[index][1])
        )
        found.append(
            Match(
                snippet=shelf.snippets[index],
                grade=Grade.EXCELLENT if excellent else Grade.FAIR,
                score=round(scores[index], 3),
                filling=filling,
            )
        )
    return tuple(found)


def _shelve(snippets: tuple[Snippet, ...]) -> _Shelf:
    asks = tuple(
        (index, _without_slots(ask, each), _words(SLOT.sub(" ", ask), each.language))
        for index, each in enumerate(snippets)
        for ask in each.ask
    )
    of_snippet: dict[int, set[str]] = {}
    for index, _, words in asks:
        of_snippet.setdefault(index, set()).update(words)
    n_with = Counter(word for words in of_snippet.values() for word in words)
    n = max(1, len(snippets))
    weights = {word: math.log(1 + n / count) for word, count in n_with.items()}
    return _Shelf(snippets=snippets, asks=asks, weights=weights)


def _words(text: str, language: Language) -> frozenset[str]:
    return frozenset(content_words(text, language))


def _without_slots(ask: str, snippet: Snippet) -> str:
    return SLOT.sub(lambda m: snippet.placeholders[m[1]], ask)


def _nearest(shelf: _Shelf, request: str) -> list[tuple[float, str]]:
    """For every snippet its nearest phrasing, and how much the words of both overlap."""
    best = [(0.0, "")] * len(shelf.snippets)
    unknown = math.log(1 + len(shelf.snippets))

    def weight(words: frozenset[str]) -> float:
        return sum(shelf.weights.get(word, unknown) for word in words)

    said = [
        _words(_without_values(request, fill(each, request)), each.language)
        for each in shelf.snippets
    ]
    weights = [weight(words) for words in said]
    for index, ask, wanted in shelf.asks:
        both = weight(wanted & said[index])
        each_side = weight(wanted) + weights[index]
        score = 2 * both / each_side if each_side else 0.0
        if score > best[index][0]:
            best[index] = (score, ask)
    return best


def _without_values(request: str, filling: Filling) -> str:
    for text in filling.values.values():
        request = request.replace(text, " ")
    return request


def _says_all(filling: Filling, request: str) -> bool:
    """Whether nothing that the request says is lost.

    Pairs of Chinese characters also span two words, so that a few may be unknown.
    """
    latin = [word for word in filling.rest if not is_chinese(word)]
    pairs = [word for word in content_words(request) if is_chinese(word)]
    n_lost = len(filling.rest) - len(latin)
    return not latin and n_lost <= _CHINESE_REST * len(pairs)

"""Which runbook answers a text: pure ranking over what the runbooks say about themselves."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import snowballstemmer

from .schema import Runbook

THRESHOLD = 0.6
_MAX_LINES = 200
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "be",
        "been",
        "by",
        "can",
        "cannot",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "please",
        "should",
        "so",
        "the",
        "there",
        "this",
        "to",
        "too",
        "was",
        "we",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A runbook that answers a text.

    Attributes:
        score: In 0..1; only comparable within one answer.
        matched: The symptoms, alerts or title that were recognised, best first.
    """

    runbook: Runbook
    score: float
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrase:
    text: str
    stems: frozenset[str]


class Matcher:
    """Ranks a fixed set of runbooks; safe to share, nothing in it changes."""

    def __init__(self, runbooks: Iterable[Runbook]) -> None:
        stemmer = snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownMemberType]
        self._stem: Callable[[list[str]], list[str]] = stemmer.stemWords  # pyright: ignore[reportUnknownMemberType]
        self._phrases = [(runbook, self._phrases_of(runbook)) for runbook in runbooks]
        self._weights = _weights([phrases for _, phrases in self._phrases])

    def match(self, text: str, service: str | None, k: int) -> tuple[Match, ...]:
        """Rank the runbooks that answer `text`, best first, at most `k`; often none."""
        lines = [stems for line in text.splitlines()[:_MAX_LINES] if (stems := self._stems(line))]
        names = {word.lower() for word in _WORD.findall(text)}
        matches = [
            match
            for runbook, phrases in self._phrases
            if (match := self._one(runbook, phrases, lines, names, service)) is not None
        ]
        return tuple(sorted(matches, key=lambda match: (-match.score, match.runbook.name))[:k])

    def _one(
        self,
        runbook: Runbook,
        phrases: tuple[_Phrase, ...],
        lines: list[frozenset[str]],
        names: set[str],
        service: str | None,
    ) -> Match | None:
        found = [(1.0, alert) for alert in runbook.alerts if alert.lower() in names]
        for phrase in phrases:
            coverage = max((self._coverage(phrase, stems) for stems in lines), default=0.0)
            if coverage >= THRESHOLD:
                found.append((coverage, phrase.text))
        if not found:
            return None
        found.sort(key=lambda item: -item[0])
        known = service is not None and service.lower() in {s.lower() for s in runbook.services}
        score = 0.7 * found[0][0] + 0.05 * min(len(found) - 1, 2) + (0.2 if known else 0.0)
        return Match(
            runbook=runbook,
            score=round(score, 4),
            matched=tuple(dict.fromkeys(text for _, text in found)),
        )

    def _coverage(self, phrase: _Phrase, stems: frozenset[str]) -> float:
        """The share of a phrase's weight that a line holds; one common word is never enough."""
        shared = phrase.stems & stems
        if not shared or (len(shared) == 1 and len(phrase.stems) > 1):
            return 0.0
        return sum(self._weights[stem] for stem in shared) / sum(
            self._weights[stem] for stem in phrase.stems
        )

    def _phrases_of(self, runbook: Runbook) -> tuple[_Phrase, ...]:
        texts = (*runbook.symptoms, runbook.title, runbook.name.replace("-", " "))
        phrases = (_Phrase(text=text, stems=self._stems(text)) for text in texts)
        return tuple(phrase for phrase in phrases if phrase.stems)

    def _stems(self, text: str) -> frozenset[str]:
        words: list[str] = []
        for word in _WORD.findall(text.replace("_", " ")):
            words.append(word.lower())
            words.extend(part.lower() for part in _CAMEL.findall(word) if len(part) > 2)
        kept = [word for word in words if word not in _STOP and len(word) > 1]
        return frozenset(self._stem(kept))


def _weights(groups: list[tuple[_Phrase, ...]]) -> Mapping[str, float]:
    """Inverse document frequency, one runbook being one document."""
    counts: Counter[str] = Counter()
    for phrases in groups:
        counts.update({stem for phrase in phrases for stem in phrase.stems})
    return {stem: math.log(1 + len(groups) / count) for stem, count in counts.items()}

"""Which runbook answers a text: pure ranking over what the runbooks say about themselves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .alert_text import alert_labels
from .schema import Runbook
from .stems import Stems, words_of
from .vocabulary import vocabulary

THRESHOLD = 0.6
_MARGIN = 0.05
_SURE = 0.4
_MAX_LINES = 200
_MAX_NEAR_CHARS = 2000
_MAX_REQUEST_LINES = 3
_SHARE_WORTH = 0.8
_SYNONYM_WORTH = 0.8
_SERVICE_LABELS = ("service", "app", "job", "container")


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
class Choice:
    """What a text asks for.

    Attributes:
        matches: Best first; empty when nothing fits.
        sure: Whether the first fits well, and clearly better than the second; else a person is
            asked.
    """

    matches: tuple[Match, ...]
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrase:
    """Something a runbook answers.

    Attributes:
        literal: Of several words only one says something, so they must stand as they are.
    """

    text: str
    stems: frozenset[str]
    literal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A text to be answered.

    Attributes:
        text: In lower case.
        lines: The stems of each line that has any.
        services: What it is about, as far as that is known.
    """

    text: str
    lines: tuple[frozenset[str], ...]
    names: frozenset[str]
    services: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One runbook, indexed.

    Attributes:
        vocabulary: Every stem that it uses of itself.
        synonyms: What other words mean here: (what is said, stems meant).
    """

    runbook: Runbook
    phrases: tuple[_Phrase, ...]
    vocabulary: frozenset[str]
    synonyms: tuple[tuple[_Phrase, frozenset[str]], ...]

    def meant(self, line: frozenset[str], text: str) -> frozenset[str]:
        """The stems of a line of a text, with what they stand for in this runbook."""
        return line.union(
            *(meant for said, meant in self.synonyms if said.stems <= line and said.literal in text)
        )


class Matcher:
    """Ranks a fixed set of runbooks; safe to share, nothing in it changes."""

    def __init__(self, runbooks: Iterable[Runbook]) -> None:
        """Index runbooks."""
        self._stems = Stems()
        self._common = vocabulary()
        self._entries = [self._entry(runbook) for runbook in runbooks]
        self._weights = _weights(self._entries)
        self._unknown = math.log(1 + max(len(self._entries), 1))

    def match(self, text: str, service: str | None, k: int) -> tuple[Match, ...]:
        """Rank the runbooks that answer `text`, best first, at most `k`; often none."""
        head = text.splitlines()[:_MAX_LINES]
        said = _Said(
            text="\n".join(head).lower(),
            lines=tuple(stems for line in head if (stems := self._stems.of(line))),
            names=words_of(text),
            services=_services(text, service),
        )
        found = (self._one(entry, said) for entry in self._entries)
        matches = [match for match in found if match is not None]
        return tuple(sorted(matches, key=lambda match: (-match.score, match.runbook.name))[:k])

    def choose(self, text: str, service: str | None, k: int) -> Choice:
        """Rank as `match` does, and say whether the first is clearly the best."""
        matches = self.match(text, service, k)
        scores = [match.score for match in matches]
        alone = len(scores) == 1 or (bool(scores) and scores[0] - scores[1] >= _MARGIN)
        sure = alone and scores[0] >= _SURE
        close = tuple(m for m in matches if matches[0].score - m.score < _MARGIN)
        return Choice(matches=matches if sure else close, sure=sure)

    def near(self, text: str, k: int) -> tuple[Runbook, ...]:
        """Runbooks whose title or symptoms share a telling word with a text that none answers.

        Best first, at most `k`; only good enough to ask a person "did you mean".
        """
        said = self._stems.of(text[:_MAX_NEAR_CHARS])
        scored = ((self._nearness(entry.runbook, said), entry.runbook) for entry in self._entries)
        found = sorted((-score, each.name, each) for score, each in scored if score)
        return tuple(runbook for _, _, runbook in found[:k])

    def _nearness(self, runbook: Runbook, said: frozenset[str]) -> float:
        """How much of the title was said, and how much of what was said the runbook knows."""
        title = self._stems.of(f"{runbook.title} {runbook.name.replace('-', ' ')}")
        known = title.union(*map(self._stems.of, runbook.symptoms))
        if not said & known:
            return 0.0
        told = self._weight(said & title) / self._weight(title) if title else 0.0
        return round(told + self._weight(said & known) / self._weight(said), 6)

    def _one(self, entry: _Entry, said: _Said) -> Match | None:
        runbook, lines = entry.runbook, said.lines
        found = [(1.0, 0.0, alert) for alert in runbook.alerts if alert.lower() in said.names]
        meant = [entry.meant(stems, said.text) for stems in lines]
        found.extend(self._phrases_in(entry, lines, said.text, 1.0))
        found.extend(self._phrases_in(entry, meant, said.text, _SYNONYM_WORTH))
        if len(lines) <= _MAX_REQUEST_LINES:
            found.extend(self._shares(entry, lines, meant))
        if not found:
            return None
        found.sort(key=lambda item: (-item[0], -item[1]))
        own = {name.lower() for name in runbook.services}
        known = 0.2 if said.services & own else 0.1 if said.names & own else 0.0
        best, weight, _ = found[0]
        telling = 0.1 * weight / (weight + self._unknown)
        score = (
            0.6 * best + telling + 0.05 * min(len({text for _, _, text in found}) - 1, 2) + known
        )
        return Match(
            runbook=runbook,
            score=round(score, 4),
            matched=tuple(dict.fromkeys(text for _, _, text in found)),
        )

    def _phrases_in(
        self, entry: _Entry, lines: Sequence[frozenset[str]], text: str, worth: float
    ) -> Iterator[tuple[float, float, str]]:
        for phrase in entry.phrases:
            if phrase.literal not in text:
                continue
            shared = max((phrase.stems & stems for stems in lines), key=self._weight, default=None)
            if shared and (len(shared) > 1 or len(phrase.stems) == 1):
                coverage = self._weight(shared) / self._weight(phrase.stems)
                if coverage >= THRESHOLD:
                    yield coverage * worth, self._weight(shared), phrase.text

    def _shares(
        self, entry: _Entry, said: Sequence[frozenset[str]], meant: Sequence[frozenset[str]]
    ) -> Iterator[tuple[float, float, str]]:
        """A request most of whose words are this runbook's, in whatever order."""
        for plain, full in zip(said, meant, strict=True):
            known = {stem for stem in plain if stem in entry.vocabulary or full != plain}
            shared = full & entry.vocabulary
            if len(shared) < 2 or not known:
                continue
            share = self._weight(shared) / self._weight(plain | shared)
            if share >= THRESHOLD:
                yield share * _SHARE_WORTH, self._weight(shared), entry.runbook.title

    def _phrase(self, text: str) -> _Phrase:
        stems = self._stems.of(text)
        alone = len(stems) == 1 and len(text.split()) > 1
        return _Phrase(text=text, stems=stems, literal=text.lower() if alone else "")

    def _weight(self, stems: frozenset[str]) -> float:
        return sum(self._weights.get(stem, self._unknown) for stem in stems)

    def _entry(self, runbook: Runbook) -> _Entry:
        texts = (*runbook.symptoms, runbook.title, runbook.name.replace("-", " "))
        phrases = [self._phrase(text) for text in texts]
        more = (*runbook.services, *runbook.alerts)
        known = frozenset[str]().union(*(self._stems.of(text) for text in (*texts, *more)))
        synonyms = tuple(
            (self._phrase(said), self._stems.of(word))
            for words in (self._common, runbook.synonyms)
            for word, alternatives in words.items()
            for said in alternatives
        )
        return _Entry(
            runbook=runbook,
            phrases=tuple(phrase for phrase in phrases if phrase.stems),
            vocabulary=known,
            synonyms=tuple(
                (said, meant & known) for said, meant in synonyms if said.stems and meant & known
            ),
        )


def _services(text: str, service: str | None) -> frozenset[str]:
    labels = alert_labels(text)
    named = (service, *(labels.get(name) for name in _SERVICE_LABELS))
    return frozenset(name.lower() for name in named if name)


def _weights(entries: list[_Entry]) -> Mapping[str, float]:
    """Inverse document frequency, one runbook being one document."""
    counts: Counter[str] = Counter()
    for entry in entries:
        counts.update(entry.vocabulary)
    return {stem: math.log(1 + len(entries) / count) for stem, count in counts.items()}

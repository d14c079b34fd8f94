"""The declared playbook: where to look next, given what was found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from .case_file import CaseFile
from .causes import ERROR
from .clues import Numbered, Tool
from .declarations import Record, records_of, text_of, texts_of
from .ranking import Conclusion, Confidence, conclude


class When(StrEnum):
    """What makes a rule fire."""

    BEGIN = "begin"
    SYMPTOM = "symptom"
    SIGNAL = "signal"
    UNSOLVED = "unsolved"
    CAUSE = "cause"


class Where(StrEnum):
    """Which services a rule leads to."""

    ASKED = "asked"
    OWN = "own"
    NAMED = "named"
    OTHERS = "others"
    CAUSE = "cause"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookRule:
    """One rule.

    Attributes:
        signals: Of a rule about a signal, those that make it fire.
    """

    when: When
    where: Where
    tools: tuple[Tool, ...]
    signals: frozenset[str] = frozenset()


@cache
def playbook() -> tuple[PlaybookRule, ...]:
    """The declared rules, in the order in which they are followed."""
    return tuple(_read(record) for record in records_of("playbook.yaml"))


def _read(record: Record) -> PlaybookRule:
    return PlaybookRule(
        when=When(text_of(record, "when")),
        where=Where(text_of(record, "at")),
        tools=tuple(Tool(name) for name in texts_of(record, "look")),
        signals=frozenset(texts_of(record, "signals")),
    )


def wanted(case: CaseFile) -> Iterator[tuple[Tool, str]]:
    """The looks that the rules ask for now, most wanted first; some were made already."""
    so_far = conclude(case)
    for rule in playbook():
        for service in _services(rule, case, so_far):
            for tool in rule.tools:
                yield tool, service


def _services(rule: PlaybookRule, case: CaseFile, so_far: Conclusion) -> Iterable[str]:
    match rule.when:
        case When.BEGIN:
            return case.asked
        case When.SYMPTOM:
            return _placed(rule, case, so_far, case.symptoms) if case.symptoms else ()
        case When.SIGNAL:
            clues = [each for each in _relevant(case) if each.clue.signal in rule.signals]
            return _placed(rule, case, so_far, clues)
        case When.UNSOLVED:
            return _placed(rule, case, so_far, ()) if _is_unsolved(so_far) else ()
        case When.CAUSE:
            return _placed(rule, case, so_far, ()) if so_far.cause is not None else ()


def _relevant(case: CaseFile) -> list[Numbered]:
    """What began in the services that the trouble leads to."""
    connected = case.upstream_of(case.asked)
    return [each for each in case.began if each.clue.service in connected]


def _is_unsolved(so_far: Conclusion) -> bool:
    if not so_far.symptoms:
        return False
    cause = so_far.cause
    return (
        cause is None
        or cause.cause.cause_id == ERROR
        or (so_far.confidence is Confidence.POSSIBLE and not cause.evidence)
    )


def _placed(
    rule: PlaybookRule, case: CaseFile, so_far: Conclusion, clues: Iterable[Numbered]
) -> tuple[str, ...]:
    match rule.where:
        case Where.ASKED:
            return case.asked
        case Where.OWN:
            return tuple(dict.fromkeys(each.clue.service for each in clues))
        case Where.NAMED:
            named = (name for each in clues for name in each.clue.names)
            return tuple(name for name in dict.fromkeys(named) if name in case.known)
        case Where.OTHERS:
            return tuple(name for name in case.known if name not in case.asked)
        case Where.CAUSE:
            return (so_far.cause.service,) if so_far.cause is not None else ()

"""Weighs the causes that the evidence speaks for. Pure.

What began first and upstream of the trouble wins: a cause takes over what may follow from it, and
what began after the trouble, long before it, or where nothing leads is ruled out by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .case_file import CaseFile
from .causes import DEPENDENCY, DEPLOY, ERROR, Cause, causes
from .clues import Clue, Numbered, Stance, Tool
from .signals import signals

SLACK_S = 120.0
"""How far apart two onsets may be and still count as one: logs and metrics are of coarse grain."""

_INHERITED = 0.5
_UNCONNECTED = 0.3
_QUIET_DEPENDENCY = 0.4
_MIN_SCORE = 0.8
_SAME_CHANGE_S = 600


class Confidence(StrEnum):
    """How sure a conclusion is; `confidence_of` has the rule."""

    VERY_LIKELY = "very likely"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Against(StrEnum):
    """Why something is not the cause."""

    USUAL = "usual"
    TOO_LATE = "too late"
    TOO_EARLY = "too early"
    UNCONNECTED = "unconnected"
    CLEAR = "clear"
    WEAKER = "weaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A cause at a service.

    Attributes:
        evidence: What speaks for it directly.
        consequences: What may follow from it and was seen too.
        at: When it began, aware, or None.
    """

    cause: Cause
    service: str
    evidence: tuple[Numbered, ...]
    consequences: tuple[Numbered, ...] = ()
    at: datetime | None = None
    score: float = 0.0

    @property
    def tools(self) -> frozenset[Tool]:
        """The tools that speak for it."""
        return frozenset(each.clue.tool for each in self.evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOut:
    """Something that is not the cause.

    Attributes:
        cause_id: Empty for a clue without a declared signal.
    """

    why: Against
    cause_id: str
    service: str
    evidence: tuple[Numbered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What an investigation ends with.

    Attributes:
        cause: None when nothing is wrong or nothing explains it.
        symptoms: What is wrong.
        others: Causes that could be as well, best first.
    """

    cause: Suspect | None
    confidence: Confidence
    symptoms: tuple[Numbered, ...]
    ruled_out: tuple[RuledOut, ...]
    others: tuple[Suspect, ...] = ()


def conclude(case: CaseFile, *, is_complete: bool = True) -> Conclusion:
    """Say what most likely caused the trouble.

    Args:
        is_complete: Whether everything that should have been looked at was.
    """
    symptoms = case.symptoms
    judged = _Judged(case)
    roots = judged.roots if symptoms else []
    cause = roots[0] if roots and roots[0].score >= _MIN_SCORE else None
    confidence = Confidence.POSSIBLE
    if cause is not None:
        confidence = confidence_of(cause, roots[1:], is_complete=is_complete and not case.failures)
    return Conclusion(
        cause=cause,
        confidence=confidence,
        symptoms=symptoms,
        ruled_out=judged.ruled_out(cause),
        others=tuple(each for each in roots[1:3] if cause and each.score >= cause.score / 2),
    )


def confidence_of(cause: Suspect, rivals: Sequence[Suspect], *, is_complete: bool) -> Confidence:
    """Confidence in words.

    "Very likely": two kinds of tools show it, or it explains something else that was seen; its time
    is known; and no rival has more than half of its weight. "Likely": it is shown directly and no
    rival has more than three quarters of its weight. "Possible": everything else. A service that
    does not answer, for no reason that was seen, is likely at most; an error that no declared signal
    fits is possible. What could not be looked at, and a budget that was used up, take one degree.
    """
    rival = max((each.score for each in rivals), default=0.0) / cause.score
    is_backed = len(cause.tools) > 1 or bool(cause.consequences)
    degree = 0
    if rival <= 0.75 and cause.cause.cause_id != ERROR:
        degree = 1
    if degree and rival <= 0.5 and is_backed and cause.at is not None:
        degree = 2
    if cause.cause.cause_id == DEPENDENCY:
        degree = min(degree, 1)
    if not is_complete:
        degree = max(0, degree - 1)
    return (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.VERY_LIKELY)[degree]


class _Judged:
    """All suspects of a case, and which of them nothing else explains."""

    def __init__(self, case: CaseFile) -> None:
        self._case = case
        self._trouble_at = case.trouble_at
        self._connected = case.upstream_of(case.asked)
        self._excluded: list[RuledOut] = []
        suspects = [each for each in _suspects(case) if self._is_in_time(each)]
        self._suspects = [each for each in map(self._scored, suspects) if each.score > 0]
        self.roots = sorted(
            (each for each in map(self._with_consequences, self._suspects) if self._is_root(each)),
            key=lambda each: (-each.score, each.at or case.window.end, each.service),
        )

    def _is_in_time(self, suspect: Suspect) -> bool:
        if suspect.at is None or self._trouble_at is None:
            return True
        lead_s = (self._trouble_at - suspect.at).total_seconds()
        if lead_s < -SLACK_S:
            # What began later in a service that was asked about may still tell what its errors mean.
            if suspect.cause.cause_id == DEPLOY or suspect.service not in self._connected:
                self._exclude(Against.TOO_LATE, suspect)
                return False
            return True
        if lead_s > suspect.cause.lead_s:
            self._exclude(Against.TOO_EARLY, suspect)
            return False
        return True

    def _scored(self, suspect: Suspect) -> Suspect:
        best: dict[Tool, float] = {}
        for each in suspect.evidence:
            best[each.clue.tool] = max(best.get(each.clue.tool, 0.0), each.clue.weight)
        score = sum(best.values())
        if suspect.service and suspect.service not in self._connected:
            is_deploy = suspect.cause.cause_id in (DEPLOY, ERROR)
            score *= 0.0 if is_deploy or not self._begins_first(suspect) else _UNCONNECTED
            if not score:
                self._exclude(Against.UNCONNECTED, suspect)
        if suspect.cause.cause_id == DEPENDENCY and self._is_quiet(suspect.service):
            score *= _QUIET_DEPENDENCY
        if self._lead_s(suspect) < -SLACK_S:
            score *= _INHERITED
        return _with(suspect, score=score)

    def _lead_s(self, suspect: Suspect) -> float:
        if suspect.at is None or self._trouble_at is None:
            return 0.0
        return (self._trouble_at - suspect.at).total_seconds()

    def _begins_first(self, suspect: Suspect) -> bool:
        """Whether it began before the trouble, and not long before: the least that time can tell."""
        return suspect.at is not None and -30.0 <= self._lead_s(suspect) <= 900.0

    def _is_quiet(self, service: str) -> bool:
        look = self._case.was_looked_at(Tool.LOGS, service)
        return look is not None and look.is_quiet

    def _explains(self, one: Suspect, other: Suspect) -> bool:
        if one is other or other.cause.cause_id not in one.cause.explains:
            return False
        if _is_later(one.at, other.at):
            return False
        if one.service == other.service:
            return one.cause.cause_id != other.cause.cause_id
        return one.service in self._case.upstream_of([other.service])

    def _with_consequences(self, suspect: Suspect) -> Suspect:
        explained = [each for each in self._suspects if self._explains(suspect, each)]
        own = {each.number for each in suspect.evidence}
        followed = {n.number: n for each in explained for n in each.evidence if n.number not in own}
        bonus = _INHERITED * sum(min(each.score, 2.0) for each in explained)
        return _with(suspect, score=suspect.score + bonus, consequences=tuple(followed.values()))

    def _is_root(self, suspect: Suspect) -> bool:
        """Whether nothing else explains it that it does not explain itself."""
        for each in self._suspects:
            if self._explains(each, suspect) and each.score > 0:
                is_mutual = self._explains(suspect, each)
                if not is_mutual or _precedes(each, suspect):
                    return False
        return True

    def _exclude(self, why: Against, suspect: Suspect) -> None:
        self._excluded.append(_out(why, suspect))

    def ruled_out(self, cause: Suspect | None) -> tuple[RuledOut, ...]:
        """What is not the cause, each with what shows it."""
        rest = list(self._excluded)
        rest += _unexplained_elsewhere(self._case, self._connected)
        weaker = [r for r in self.roots if cause and r is not cause and r.score < cause.score / 2]
        rest += [_out(Against.WEAKER, each) for each in weaker]
        return (*rest, *_usual(self._case), *_clear(self._case))


def _out(why: Against, suspect: Suspect) -> RuledOut:
    return RuledOut(
        why=why,
        cause_id=suspect.cause.cause_id,
        service=suspect.service,
        evidence=suspect.evidence,
    )


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    """Whether one time is clearly after the other; what is not known is not."""
    return one is not None and other is not None and (one - other).total_seconds() > SLACK_S


def _precedes(one: Suspect, other: Suspect) -> bool:
    if one.at is not None and other.at is not None and one.at != other.at:
        return one.at < other.at
    return one.score > other.score


def _with(suspect: Suspect, *, score: float, consequences: tuple[Numbered, ...] = ()) -> Suspect:
    return Suspect(
        cause=suspect.cause,
        service=suspect.service,
        evidence=suspect.evidence,
        consequences=consequences or suspect.consequences,
        at=suspect.at,
        score=score,
    )


def _suspects(case: CaseFile) -> list[Suspect]:
    groups: dict[tuple[str, str, int], list[Numbered]] = {}
    for each in case.began:
        if each.clue.weight > 0 and each.clue.signal in causes():
            key = (each.clue.signal, _place(each.clue), _period(each.clue))
            groups.setdefault(key, []).append(each)
    return [
        Suspect(
            cause=causes()[cause_id],
            service=service,
            evidence=tuple(members),
            at=min((m.clue.at for m in members if m.clue.at is not None), default=None),
        )
        for (cause_id, service, _), members in groups.items()
    ]


def _period(clue: Clue) -> int:
    """Several changes of a service are several suspects; everything else is one."""
    if clue.signal != DEPLOY or clue.at is None:
        return 0
    return int(clue.at.timestamp() // _SAME_CHANGE_S)


def _place(clue: Clue) -> str:
    """The service that a clue's cause would be at."""
    about_named = {each.signal_id for each in signals() if each.is_about_named}
    if clue.signal in about_named and clue.names:
        return clue.names[0]
    return clue.service


def _usual(case: CaseFile) -> list[RuledOut]:
    return [
        RuledOut(
            why=Against.USUAL,
            cause_id=each.clue.signal,
            service=each.clue.service,
            evidence=(each,),
        )
        for each in case.numbered
        if each.clue.stance is Stance.USUAL
    ]


def _unexplained_elsewhere(case: CaseFile, connected: frozenset[str]) -> list[RuledOut]:
    """New messages that no declared signal fits, where the trouble does not lead."""
    return [
        RuledOut(why=Against.UNCONNECTED, cause_id="", service=each.clue.service, evidence=(each,))
        for each in case.began
        if not each.clue.signal
        and each.clue.service
        and not each.clue.is_symptom
        and (each.clue.service not in connected or not each.clue.weight)
    ]


def _clear(case: CaseFile) -> list[RuledOut]:
    return [
        RuledOut(
            why=Against.CLEAR,
            cause_id=each.clue.signal,
            service=each.clue.service,
            evidence=(each,),
        )
        for each in case.numbered
        if each.clue.stance is Stance.CLEAR and each.clue.signal
    ]

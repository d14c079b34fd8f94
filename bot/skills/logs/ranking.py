"""Which lines of a log explain best what went wrong, without anything to compare with. Pure.

A line counts for itself: its severity, how often its message came and how late, since what ends a
job stands near the end; little, when its message was there all the time. It also counts for standing near such lines: what a failing part of
a program was doing, and where, is written around its error. Lines that say nearly the same as one
that was chosen already come later.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from .findings import Movement
from .masks import message_of
from .profile import Sighting
from .severity import LEVEL_WORDS, Severity, has_alarming_word

_WEIGHTS = {
    Severity.DEBUG: 0.0,
    Severity.INFO: 0.0,
    Severity.WARN: 1.0,
    Severity.ERROR: 3.0,
    Severity.FATAL: 4.5,
}
_GROWTH = 1.5
_ALARM = 2.0
_VOLUME = 0.1
_LATENESS = 0.5
_NEARNESS = 0.5
_REACH_LINES = 4.0
_SURROUNDING = 0.5
_REPEAT = 0.5
_SAMENESS = 0.75
_STEADINESS = 0.8
_ADVISING = 0.5
_N_PARTS = 20
_MAX_SIGHTINGS = 32
_MAX_REPEATS = 3
_POOL = 400
_MAX_PICKS = 200
_LEVEL = re.compile(rf"\b(?:{'|'.join(LEVEL_WORDS).upper()})\b")
# What a program tells its reader to do after a failure says nothing of the failure.
_ADVICE = re.compile(
    r"(?i)\bfor (?:more|further) (?:information|details|help)\b|\bplease (?:read|see|refer|visit)\b"
    r"|\bto (?:see|get|show|view) (?:the|a|more) (?:full|complete|whole|details|information)\b"
    r"|\b(?:re-?run|run again|run it|try again) with\b|\bcan be found (?:in|at)\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Pick:
    """One line of the evidence.

    Attributes:
        movement: The message whose line it is; None for a line that only stands near others.
        sighting: The line and its place.
        score: How much it explains; of no unit.
    """

    movement: Movement | None
    sighting: Sighting
    score: float


@dataclass(slots=True)
class _Line:
    movement: Movement | None
    sighting: Sighting
    own: float
    kinship: float
    repeat: float
    near: float = 0.0

    @property
    def score(self) -> float:
        return self.own + _NEARNESS * self.kinship * self.near


def ranked(movements: Sequence[Movement]) -> tuple[Pick, ...]:
    """Order the lines that are known of these messages, most telling first.

    A message can come more than once, with different lines; the first one is its best.

    Returns:
        At most 200.
    """
    lines = sorted(_lines(movements), key=lambda line: _place(line.sighting))
    for _, members in groupby(lines, key=lambda line: line.sighting.source):
        part = list(members)
        _weigh_lateness(part)
        _spread(part)
        _spread(part[::-1])
    return tuple(_varied(_best(lines)))


def _place(sighting: Sighting) -> tuple[str, int]:
    return sighting.source, sighting.line_number


def _lines(movements: Sequence[Movement]) -> Iterable[_Line]:
    seen: set[tuple[str, int]] = set()
    spans = _spans(movements)
    for moved in movements:
        volume = 1 + _VOLUME * math.log2(max(1, moved.n_lines))
        own = _WEIGHTS[moved.row.severity] * volume * (_GROWTH if moved.grows else 1.0)
        if own and _ADVICE.search(moved.row.pattern):
            own *= _ADVISING
        elif own and has_alarming_word(_LEVEL.sub("", moved.row.pattern)):
            own *= _ALARM
        own *= 1 - _STEADINESS * _steadiness(moved, spans[moved.row.service])
        # Lines without words, such as lists of files, have only their masks in common.
        has_words = bool(_WORD.search(moved.row.pattern.replace("<*>", "")))
        repeat = _REPEAT if has_words or own else 1.0
        for sighting in _sample(moved):
            seen.add(_place(sighting))
            yield _Line(moved, sighting, own, 1.0, repeat)
    for moved in movements:
        for sighting in moved.row.surroundings:
            if _place(sighting) not in seen:
                seen.add(_place(sighting))
                yield _Line(None, sighting, 0.0, _SURROUNDING, 1.0)


def _spans(movements: Sequence[Movement]) -> dict[str, tuple[int, int]]:
    """By service, its first tick and the one after its last."""
    spans: dict[str, tuple[int, int]] = {}
    for moved in movements:
        ticks = moved.row.ticks
        first, end = spans.get(moved.row.service, (min(ticks), max(ticks) + 1))
        spans[moved.row.service] = (min(first, min(ticks)), max(end, max(ticks) + 1))
    return spans


def _steadiness(moved: Movement, span: tuple[int, int]) -> float:
    """How much a message was there all the time, 0 to 1: then it explains no failure."""
    if moved.grows:
        return 0.0
    first, end = span
    n_parts = min(_N_PARTS, end - first)
    parts = {(tick - first) * n_parts // (end - first) for tick in moved.row.ticks}
    return ((len(parts) - 1) / (_N_PARTS - 1)) ** 2


def _sample(moved: Movement) -> list[Sighting]:
    """Some lines of a message, evenly over time; of one that began, the first."""
    if moved.grows:
        return [moved.first]
    ticks = sorted(moved.row.firsts)
    step = max(1, -(-len(ticks) // _MAX_SIGHTINGS))
    chosen = [moved.row.firsts[tick] for tick in ticks[::step]]
    return chosen if moved.first in chosen else [*chosen, moved.first]


def _weigh_lateness(lines: Sequence[_Line]) -> None:
    last = max(1, lines[-1].sighting.line_number)
    for line in lines:
        line.own *= 1 + _LATENESS * line.sighting.line_number / last


def _spread(lines: Iterable[_Line]) -> None:
    """Let each line have a share of the weight of those before it, less with every line between."""
    weight, previous = 0.0, 0
    for line in lines:
        number = line.sighting.line_number
        weight *= math.exp(-abs(number - previous) / _REACH_LINES)
        line.near = max(line.near, weight)
        weight, previous = max(weight, line.own), number


def _best(lines: Iterable[_Line]) -> list[Pick]:
    by_message: dict[object, list[_Line]] = {}
    for line in lines:
        owner = id(line.movement) if line.movement is not None else _place(line.sighting)
        by_message.setdefault(owner, []).append(line)
    picks: list[Pick] = []
    for members in by_message.values():
        members.sort(key=lambda line: (-line.score, _place(line.sighting)))
        for repeat, line in enumerate(members[:_MAX_REPEATS]):
            picks.append(Pick(line.movement, line.sighting, line.score * line.repeat**repeat))
    picks.sort(key=lambda pick: (-pick.score, _place(pick.sighting)))
    return picks[:_POOL]


def _varied(pool: list[Pick]) -> Iterable[Pick]:
    words = [frozenset(_WORD.findall(message_of(p.sighting.line, ""))) for p in pool]
    sameness = [0.0] * len(pool)
    left = list(range(len(pool)))
    while left and len(pool) - len(left) < _MAX_PICKS:
        best = max(left, key=lambda k: (pool[k].score * (1 - _SAMENESS * sameness[k]), -k))
        left.remove(best)
        yield pool[best]
        for other in left:
            n_all = len(words[best] | words[other])
            if n_all:
                shared = len(words[best] & words[other]) / n_all
                sameness[other] = max(sameness[other], shared)

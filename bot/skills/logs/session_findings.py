"""Which requests, jobs or blocks of a log went differently, found by the identifiers in its lines.

Identifiers of one notation that recur in several messages name courses of events. Every course is
only the set of messages it wrote, kept as a number; courses beyond a cap are counted, not kept.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from .blocks import Intake
from .miner import Miner, Template
from .sessions import unusual
from .sources import Chunk, LogQuery, Stream

_ID = re.compile(rb"(?<![\w.:/-])(?=[\w-]*\d)[A-Za-z_-]*[\w-]{6,}(?![\w:.])")
_VARIABLE = re.compile(rb"(?:[-_]*(?:[0-9a-fA-F]*\d[0-9a-fA-F]*|[0-9a-f]{4}(?=-)))+")
_MAX_IDS_PER_LINE = 4
_MAX_SESSIONS = 200_000
_MAX_NOTATIONS = 200
_MAX_MESSAGES = 64
_MAX_SETS = 50_000
_MIN_SESSIONS = 50
_MIN_LINES_PER_SESSION = 2.0
_MAX_ODD_SHARE = 0.2
_EDGE_SHARE = 0.02
_MAX_PATTERN_CHARS = 100

_Way = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFinding:
    """Courses of events that went differently in the same way.

    Attributes:
        n_sessions: How many did.
        example: The identifier of one of them.
        wrote: Patterns of messages that hardly any other wrote.
        lacked: Patterns of messages that nearly all others wrote.
    """

    n_sessions: int
    example: str
    wrote: tuple[str, ...]
    lacked: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """What the courses of events of a log show.

    Attributes:
        notation: What their identifiers look like, for example "job*".
        n_sessions: Courses that were compared.
        n_odd: Those that went differently.
        n_left_out: Mentions of identifiers that were not kept, because there is too much of them.
        findings: Commonest first.
    """

    notation: str
    n_sessions: int
    n_odd: int
    n_left_out: int
    findings: tuple[SessionFinding, ...]


@dataclass(slots=True)
class _Course:
    state: int
    first_line: int
    last_line: int
    n_lines: int


@dataclass(slots=True)
class _Notation:
    courses: dict[bytes, _Course] = field(default_factory=dict[bytes, _Course])
    n_lines: int = 0
    n_left_out: int = 0


class SessionCollector:
    """Remembers for every identifier which messages it was in.

    Args:
        max_sessions: Further identifiers are counted only.
    """

    def __init__(self, *, max_sessions: int = _MAX_SESSIONS) -> None:
        self._max_sessions = max_sessions
        self._miner = Miner()
        self._notations: dict[bytes, _Notation] = {}
        self._members: list[frozenset[Template]] = [frozenset()]
        self._states: dict[frozenset[Template], int] = {frozenset(): 0}
        self._steps: dict[tuple[int, Template], int] = {}
        self._n_sessions = 0
        self._n_lines = 0

    def add(self, chunk: Chunk) -> None:
        """Take in some lines."""
        for line, shape in zip(chunk.lines, self._miner.shapes_of(chunk.block), strict=True):
            self._n_lines += 1
            for name in _ID.findall(line)[:_MAX_IDS_PER_LINE]:
                self._mention(name, shape.template)

    def _mention(self, name: bytes, template: Template) -> None:
        key = _VARIABLE.sub(b"*", name)
        notation = self._notations.get(key)
        if notation is None:
            if len(self._notations) >= _MAX_NOTATIONS:
                return
            notation = self._notations[key] = _Notation()
        course = notation.courses.get(name)
        if course is None:
            if self._n_sessions >= self._max_sessions:
                notation.n_left_out += 1
                return
            self._n_sessions += 1
            course = notation.courses[name] = _Course(0, self._n_lines, 0, 0)
        if course.last_line != self._n_lines:
            course.last_line = self._n_lines
            course.n_lines += 1
            notation.n_lines += 1
        state = self._step(course.state, template)
        if state is None:
            notation.n_left_out += 1
        else:
            course.state = state

    def _step(self, state: int, template: Template) -> int | None:
        """The set of messages with one more; None when there are too many sets to keep."""
        following = self._steps.get((state, template))
        if following is None:
            if len(self._members[state]) >= _MAX_MESSAGES or len(self._members) >= _MAX_SETS:
                return None
            members = self._members[state] | {template}
            following = self._states.get(members)
            if following is None:
                following = self._states[members] = len(self._members)
                self._members.append(members)
            self._steps[state, template] = following
        return following

    def report(self) -> SessionReport | None:
        """Compare the courses of events; None when the log has no identifiers that recur."""
        found = [(key, each) for key, each in self._notations.items() if self._is_session(each)]
        if not found:
            return None
        key, notation = max(found, key=lambda item: (item[1].n_lines, item[0]))
        return self._compared(key.decode("ascii", "replace"), notation)

    def _is_session(self, notation: _Notation) -> bool:
        """Whether identifiers come in several lines and messages each, and none in most lines."""
        courses = notation.courses.values()
        if len(courses) < _MIN_SESSIONS:
            return False
        n_usual = sum(len(self._members[course.state]) >= 2 for course in courses)
        return (
            notation.n_lines >= _MIN_LINES_PER_SESSION * len(courses)
            and n_usual * 2 >= len(courses)
            and max(course.n_lines for course in courses) <= notation.n_lines / 10
        )

    def _compared(self, key: str, notation: _Notation) -> SessionReport:
        patterns = [self._patterns(members) for members in self._members]
        courses = {name.decode("ascii"): each for name, each in notation.courses.items()}
        sessions = {name: patterns[course.state] for name, course in courses.items()}
        groups: dict[_Way, list[str]] = {}
        for name, oddity in unusual(sessions).items():
            # What is cut off by the log's beginning or end lacks nothing.
            lacked = () if self._is_cut(courses[name]) else tuple(sorted(oddity.lacking))
            way = (tuple(sorted(oddity.rare)), lacked)
            if any(way):
                groups.setdefault(way, []).append(name)
        n_odd = sum(map(len, groups.values()))
        if n_odd > _MAX_ODD_SHARE * len(sessions):
            groups, n_odd = {}, 0
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        return SessionReport(
            notation=key,
            n_sessions=len(sessions),
            n_odd=n_odd,
            n_left_out=notation.n_left_out,
            findings=tuple(
                SessionFinding(n_sessions=len(names), example=names[0], wrote=rare, lacked=lacked)
                for (rare, lacked), names in ordered
            ),
        )

    def _is_cut(self, course: _Course) -> bool:
        edge = self._n_lines * _EDGE_SHARE
        return course.first_line <= edge or course.last_line > self._n_lines - edge

    def _patterns(self, members: frozenset[Template]) -> frozenset[str]:
        return frozenset(template.root.pattern for template in members)


@dataclass(frozen=True, slots=True)
class Watched:
    """A stream whose lines a collector sees too, as they are read.

    Attributes:
        stream: Where the lines come from.
        collector: Takes in every chunk.
    """

    stream: Stream
    collector: SessionCollector

    @property
    def name(self) -> str:
        """Name of the stream."""
        return self.stream.name

    def chunks(self, query: LogQuery, now: datetime, intake: Intake) -> Generator[Chunk]:
        """The stream's chunks."""
        with closing(self.stream.chunks(query, now, intake)) as chunks:
            for chunk in chunks:
                self.collector.add(chunk)
                yield chunk

    def newest_second(self, now: datetime) -> int | None:
        """Of the stream."""
        return self.stream.newest_second(now)


def watched(
    streams: Mapping[str, Sequence[Stream]], collector: SessionCollector
) -> dict[str, tuple[Stream, ...]]:
    """The same streams, seen by a collector too."""
    return {
        name: tuple(Watched(stream, collector) for stream in members)
        for name, members in streams.items()
    }


def told(report: SessionReport, limit: int = 5) -> tuple[str, ...]:
    """The report in a few lines, most courses first."""
    if not report.findings:
        return ()
    lines = [f"{report.n_odd:,} of {report.n_sessions:,} {report.notation} went differently:"]
    for found in report.findings[:limit]:
        wrote = "".join(f' wrote "{text[:_MAX_PATTERN_CHARS]}"' for text in found.wrote[:2])
        lacked = "".join(f' never wrote "{text[:_MAX_PATTERN_CHARS]}"' for text in found.lacked[:2])
        lines.append(f"  {found.n_sessions:,}×{wrote}{lacked}, for example {found.example}")
    left = report.findings[limit:]
    if left:
        lines.append(f"  {sum(each.n_sessions for each in left):,}× in {len(left):,} other ways")
    if report.n_left_out:
        lines.append(f"  {report.n_left_out:,} mentions of further ones were not compared")
    return tuple(lines)

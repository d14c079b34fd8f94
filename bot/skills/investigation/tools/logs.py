"""Looks at a service's logs: what began in the window, what was there before, what it names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from ....messages import Change
from ...logs.analysis import Analysis
from ...logs.findings import Movement
from ...logs.looking import Looking
from ...logs.masks import message_of
from ...logs.oddities import oddities
from ...logs.scope import Scope
from ...logs.severity import Severity
from ...logs.tally import Sighting
from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..errors import LookFailedError
from ..phrases import phrases_of
from ..signals import Signal, services_in, signal_in
from .base import Asked
from .quoting import one_line

_MAX_BEGAN = 5
_MAX_USUAL = 3
_MIN_LINES = 3
_SIGNAL_WEIGHT = 3.0
_WARNING_WEIGHT = 2.0
_DEPENDENCY_WEIGHT = 1.5
_ERROR_WEIGHT = 1.2
_RARE_WEIGHT = 0.4
_SYMPTOMATIC = frozenset({Change.NEW, Change.RISING})


class LogsTool:
    """Reads the configured logs.

    Args:
        looking: Opens what one question looks at logs with.
        services: The configured names.
    """

    tool = Tool.LOGS

    def __init__(
        self, looking: Callable[[], AbstractContextManager[Looking]], services: Sequence[str]
    ) -> None:
        self._looking = looking
        self._services = tuple(services)

    def can_look_at(self, service: str) -> bool:
        """Whether its logs are configured."""
        return service in self._services

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`."""
        now = asked.request.received_at
        scope = Scope(services=(service,), was_named=True)
        with self._looking() as looking:
            looked = await asyncio.to_thread(looking.at, scope, case.window, now, asked.zone)
        analysis = looked.analysis
        if analysis.n_lines == 0 and not analysis.movements:
            return _silent(service, analysis)
        clues = clues_of(analysis, service, case)
        n_before = sum(each.n_baseline_lines for each in analysis.services)
        note = phrases_of(asked.language).n_lines.format(
            n=f"{analysis.n_lines:,}", n_before=f"{n_before:,}"
        )
        return Look(tool=Tool.LOGS, service=service, clues=clues, note=note)


def clues_of(analysis: Analysis, service: str, case: CaseFile) -> tuple[Clue, ...]:
    """The clues in what moved, earliest first, and what was bad already before."""
    own = [each for each in analysis.movements if each.row.service == service]
    told = [_began(each, service, case) for each in own if _is_beginning(each, case)]
    began = _chosen(told)
    usual = [
        _usual(each, service)
        for each in own
        if each.change is Change.STEADY and each.is_bad and not _is_beginning(each, case)
    ]
    return (*began, *usual[:_MAX_USUAL], *_gone(own, service))


def _chosen(told: list[Clue]) -> list[Clue]:
    """For each signal the first clue and the heaviest one, then others, as many as people read."""
    told.sort(key=lambda clue: (-clue.weight, clue.at or datetime.max.replace(tzinfo=UTC)))
    first_of: dict[tuple[str, tuple[str, ...]], Clue] = {}
    for clue in told:
        first_of.setdefault((clue.signal, clue.names[:1]), clue)
    heads = list(first_of.values())
    rest = [clue for clue in told if clue not in heads]
    kept = (heads + rest)[:_MAX_BEGAN]
    return sorted(kept, key=lambda clue: clue.at or datetime.max.replace(tzinfo=UTC))


def _is_beginning(moved: Movement, case: CaseFile) -> bool:
    """Whether a message is new or more frequent, or speaks of a cause for the first time."""
    if moved.change in _SYMPTOMATIC and (moved.is_bad or _signal_of(moved) is not None):
        return True
    if moved.row.n_lines == 0:
        return False
    # NOTE: also what ended again: what came after a failure may be a greater change than the failure.
    first = _shown(moved)
    is_unseen = first.second is not None and first.second >= case.window.start.timestamp()
    return is_unseen and (moved.row.severity >= Severity.ERROR or _signal_of(moved) is not None)


def _shown(moved: Movement) -> Sighting:
    """The line to show: where it grew, or else the very first one."""
    if moved.change in _SYMPTOMATIC:
        return moved.first
    return moved.row.firsts[min(moved.row.firsts)]


def _signal_of(moved: Movement) -> Signal | None:
    line = message_of(moved.first.line, moved.row.service)
    found = signal_in(line)
    if found is None or moved.is_bad:
        return found
    # What is told as information is rarely trouble: only what cannot mean anything else counts.
    return found if found.signal_id in _TOLD_AS_INFORMATION else None


_TOLD_AS_INFORMATION = frozenset({"oom", "disk_full", "deploy", "descriptors"})


def _began(moved: Movement, service: str, case: CaseFile) -> Clue:
    signal = _signal_of(moved)
    first = _shown(moved)
    line = message_of(first.line, service)
    at = first.at
    since = f" since {at.astimezone(case.window.start.tzinfo):%H:%M:%S}" if at is not None else ""
    label = moved.label if moved.change in _SYMPTOMATIC else "NEW"
    is_error = moved.row.severity >= Severity.ERROR
    return Clue(
        tool=Tool.LOGS,
        service=service,
        stance=Stance.BEGAN,
        signal=signal.signal_id if signal else ("error" if is_error else ""),
        weight=_weight(moved, signal),
        text=f"{label} {_n_lines(moved):,}×{since}: `{one_line(line)}`",
        quote=one_line(first.line, 400),
        at=at,
        names=services_in(line, case.known, service) if signal or is_error else (),
        is_symptom=_is_symptom(moved, signal),
    )


def _n_lines(moved: Movement) -> int:
    """Lines in the window; of what is gone by now, those before it went."""
    return moved.n_lines or moved.row.n_lines


def _is_symptom(moved: Movement, signal: Signal | None) -> bool:
    """Errors that keep coming, or that mean something; warnings that do both."""
    is_frequent = _n_lines(moved) >= _MIN_LINES
    if moved.row.severity >= Severity.ERROR:
        return is_frequent or signal is not None
    return moved.is_bad and is_frequent and signal is not None


def _weight(moved: Movement, signal: Signal | None) -> float:
    if signal is None:
        if moved.row.severity < Severity.ERROR:
            return 0.0
        return _ERROR_WEIGHT if _n_lines(moved) >= _MIN_LINES else _RARE_WEIGHT
    if signal.signal_id == "dependency":
        return _DEPENDENCY_WEIGHT
    if signal.signal_id == "deploy":
        return 1.0
    is_bad = moved.row.severity >= Severity.ERROR
    return _SIGNAL_WEIGHT if is_bad else _WARNING_WEIGHT


def _usual(moved: Movement, service: str) -> Clue:
    line = message_of(moved.first.line, service)
    signal = signal_in(line)
    return Clue(
        tool=Tool.LOGS,
        service=service,
        stance=Stance.USUAL,
        signal=signal.signal_id if signal else "",
        text=f"{moved.n_lines:,}×, as before: `{one_line(line)}`",
        quote=one_line(moved.first.line, 400),
    )


def _gone(own: Sequence[Movement], service: str) -> list[Clue]:
    """The most frequent message that stopped: a service that falls silent is in trouble too."""
    gone = [each for each in own if each.change is Change.GONE and not each.is_bad]
    if not gone:
        return []
    moved = max(gone, key=lambda each: each.row.n_lines)
    last = moved.row.last_second
    at = datetime.fromtimestamp(last, UTC) if last is not None else None
    line = message_of(moved.first.line, service)
    return [
        Clue(
            tool=Tool.LOGS,
            service=service,
            stance=Stance.BEGAN,
            text=f"GONE (usually {moved.usual}): `{one_line(line)}`",
            quote=one_line(moved.first.line, 400),
            at=at,
            is_symptom=True,
        )
    ]


def _silent(service: str, analysis: Analysis) -> Look:
    problems = oddities(analysis)
    if problems:
        raise LookFailedError("; ".join(problems[:2]))
    seen = [s for each in analysis.services if (s := each.last_seen_second) is not None]
    if not seen:
        raise LookFailedError(f"there are no logs of {service} where the settings say")
    at = datetime.fromtimestamp(max(seen), UTC)
    clue = Clue(
        tool=Tool.LOGS,
        service=service,
        stance=Stance.BEGAN,
        text=f"no line in this time; the last one before is of {at:%d %b %H:%M:%S} UTC",
        at=at + timedelta(seconds=1),
        is_symptom=True,
    )
    return Look(tool=Tool.LOGS, service=service, clues=(clue,), note="0 lines")

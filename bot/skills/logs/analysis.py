"""From streams to ranked movements: reads, counts and compares. Blocks; run it in a thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from .against import compare_with
from .blocks import Intake
from .crew import Crew
from .findings import (
    Comparison,
    Movement,
    compare,
    preceding,
)
from .miner import Miner
from .onset import Grid, find_late_onset, find_onset
from .profile import Profile, Row
from .reader import Reader, Watch
from .sources import LogQuery, Stream

StreamsByService: TypeAlias = Mapping[str, Sequence[Stream]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time a question is about: `[start, end)`, aware; what is before it is the baseline.

    Attributes:
        baseline_s: How much time before the window is read to compare with, in seconds.
    """

    start: datetime
    end: datetime
    baseline_s: float

    @property
    def baseline_start(self) -> datetime:
        """Where reading begins."""
        return self.start - timedelta(seconds=self.baseline_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnalysis:
    """What the logs of one service show.

    Attributes:
        n_lines: Lines in the window, those left out included.
        n_baseline_lines: Lines read before the window.
        onset_at: When things changed, seconds since the epoch, or None.
        last_seen_second: Time of the newest line there is, seconds since the epoch, or None.
        n_backwards: How often the clock of the log went back.
        tick_s: Length of a row's tick in seconds, or None when the log has no times.
    """

    service: str
    comparison: Comparison
    n_lines: int
    n_baseline_lines: int
    n_sources: int
    onset_at: float | None
    last_seen_second: int | None
    n_backwards: int
    intake: Intake
    tick_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the logs of all services that were looked at show.

    Attributes:
        window: None when everything was read.
        movements: Of all services, most telling first.
        notes: What else is known of the logs as a whole, a line each.
    """

    window: Window | None
    services: tuple[ServiceAnalysis, ...]
    movements: tuple[Movement, ...] = field(default=())
    notes: tuple[str, ...] = ()

    @property
    def n_lines(self) -> int:
        """Lines in the window."""
        return sum(each.n_lines for each in self.services)

    @property
    def n_left_out(self) -> int:
        """Lines in the window that were not read."""
        return sum(each.intake.n_left_out for each in self.services)

    @property
    def n_sources(self) -> int:
        """Log streams that were opened."""
        return sum(each.n_sources for each in self.services)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, one sentence each."""
        return tuple(text for each in self.services for text in each.intake.problems)

    @property
    def has_baseline(self) -> bool:
        """Whether anything was there to compare with."""
        return any(each.comparison.has_baseline for each in self.services)

    @property
    def onset_at(self) -> float | None:
        """The earliest onset, seconds since the epoch."""
        onsets = [each.onset_at for each in self.services if each.onset_at is not None]
        return min(onsets, default=None)


def analyse(
    streams: StreamsByService,
    window: Window | None,
    now: datetime,
    *,
    contains: str = "",
    miner: Miner | None = None,
    crew: Crew | None = None,
    watch: Watch | None = None,
) -> Analysis:
    """Look at the logs of some services.

    Args:
        window: None reads everything.
        now: Aware; the current tick is left out of rates.
        contains: Only lines with this text.
        crew: Counts large files that are read as a whole.
        watch: See `Reader`.
    """
    reader = Reader(miner or Miner(), crew, watch)
    profiles = [
        (_profile(service, members, window, now, contains, reader), len(members))
        for service, members in streams.items()
    ]
    services = tuple(
        _compared(profile, intake, n, window, now) for (profile, intake), n in profiles
    )
    return _joined(window, services)


def _joined(window: Window | None, services: tuple[ServiceAnalysis, ...]) -> Analysis:
    movements = [moved for each in services for moved in each.comparison.movements]
    return Analysis(
        window=window,
        services=services,
        movements=tuple(sorted(movements, key=lambda moved: moved.rank)),
    )


def _profile(
    service: str,
    streams: Sequence[Stream],
    window: Window | None,
    now: datetime,
    contains: str,
    reader: Reader,
) -> tuple[Profile, Intake]:
    intake = Intake()
    query = LogQuery(services=(service,), contains=contains)
    profile = Profile(service, reader.miner, contains=contains)
    if window is not None:
        query = replace(query, start=window.baseline_start, end=window.end)
        profile = Profile(
            service,
            reader.miner,
            start_second=window.baseline_start.timestamp(),
            end_second=window.end.timestamp(),
            contains=contains,
        )
    for stream in streams:
        reader.read(stream, query, profile, now, intake)
    if profile.n_lines == 0:
        newest = [second for stream in streams if (second := stream.newest_second(now)) is not None]
        profile.last_seen_second = max(newest, default=None)
    return profile, intake


def _compared(
    profile: Profile, intake: Intake, n_sources: int, window: Window | None, now: datetime
) -> ServiceAnalysis:
    rows = profile.rows()
    ticks = [tick for row in rows for tick in row.ticks]
    first = min(ticks, default=0)
    end = max(ticks, default=0) + 1
    window_first = first
    if window is not None and profile.has_times:
        window_first = int(window.start.timestamp()) // profile.tick_size
        # Silence up to now is part of the evidence; the tick that is still filling is not.
        end = int(min(window.end, now).timestamp()) // profile.tick_size
    grid = Grid(min(first, end), end)
    onset = find_onset(rows, grid)
    if onset is None and first >= window_first:
        onset = find_late_onset(rows, grid)
    n_lines = profile.n_lines if window is None else profile.n_lines_since(window_first)
    n_lines += intake.n_left_out
    tick_s = float(profile.tick_size) if profile.has_times else None
    return ServiceAnalysis(
        service=profile.service,
        comparison=compare(rows, grid, window_first, onset, tick_s),
        n_lines=n_lines,
        n_baseline_lines=profile.n_lines + intake.n_left_out - n_lines,
        n_sources=n_sources,
        onset_at=onset * tick_s if onset is not None and tick_s is not None else None,
        last_seen_second=profile.last_seen_second,
        n_backwards=profile.n_backwards,
        intake=intake,
        tick_s=tick_s,
    )


def analyse_against(
    streams: StreamsByService,
    baseline: Sequence[Stream],
    now: datetime,
    *,
    crew: Crew | None = None,
    watch: Watch | None = None,
) -> Analysis:
    """Compare whole logs with another log, which is their baseline; see `analyse`."""
    reader = Reader(Miner(), crew, watch)
    old, _ = _profile("baseline", baseline, None, now, "", reader)
    read = [
        (_profile(name, members, None, now, "", reader), len(members))
        for name, members in streams.items()
    ]
    old_rows = old.rows()
    services: list[ServiceAnalysis] = []
    for (profile, intake), n_sources in read:
        rows = profile.rows()
        exposure = _exposure(old, old_rows, profile, rows)
        services.append(
            replace(
                _compared(profile, intake, n_sources, None, now),
                comparison=compare_with(rows, old_rows, exposure),
                n_baseline_lines=old.n_lines,
            )
        )
    return _joined(None, tuple(services))


def analyse_earlier(
    streams: StreamsByService, window: Window, earlier: timedelta, now: datetime
) -> Analysis:
    """Compare a window with the same stretch of time some days before, service by service.

    Args:
        earlier: How much earlier the baseline is, for example one day.
    """
    only = replace(window, baseline_s=0.0)
    before = Window(start=window.start - earlier, end=window.end - earlier, baseline_s=0.0)
    services: list[ServiceAnalysis] = []
    for service, members in streams.items():
        reader = Reader(Miner())
        old, _ = _profile(service, members, before, now, "", reader)
        profile, intake = _profile(service, members, only, now, "", reader)
        compared = _compared(profile, intake, len(members), only, now)
        comparison = compare_with(profile.rows(), old.rows(), 1.0)
        has_baseline = old.n_lines > 0
        services.append(
            replace(
                compared,
                comparison=replace(comparison, has_baseline=has_baseline),
                n_baseline_lines=old.n_lines,
            )
        )
    return _joined(only, tuple(services))


def _exposure(
    old: Profile, old_rows: Sequence[Row], new: Profile, new_rows: Sequence[Row]
) -> float:
    if old.has_times and new.has_times:
        lengths = [_length_s(old, old_rows), _length_s(new, new_rows)]
    else:
        lengths = [float(old.n_lines), float(new.n_lines)]
    return max(lengths[0], 1.0) / max(lengths[1], 1.0)


def _length_s(profile: Profile, rows: Sequence[Row]) -> float:
    ticks = [tick for row in rows for tick in row.ticks]
    return float((max(ticks) - min(ticks) + 1) * profile.tick_size) if ticks else 0.0


def analyse_related(
    streams: StreamsByService,
    window: Window,
    now: datetime,
    *,
    onset_at: float,
    time_limit_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[tuple[Movement, ...], tuple[str, ...]]:
    """Look at other services for what they wrote for the first time just before a failure.

    Args:
        onset_at: When the failure began, seconds since the epoch.
        time_limit_s: No further service is begun after so much time.

    Returns:
        Messages, earliest first; and the services that there was no time to look at.
    """
    started = clock()
    found: list[Movement] = []
    left_out: list[str] = []
    for service, members in streams.items():
        if clock() - started > time_limit_s:
            left_out.append(service)
            continue
        profile, _ = _profile(service, members, window, now, "", Reader(Miner()))
        found += preceding(profile.rows(), onset_at)
    found.sort(key=lambda moved: (moved.first.at or now, moved.row.template_id))
    return tuple(found), tuple(left_out)

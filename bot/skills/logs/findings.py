"""What changed: one set of counts against another, tick by tick. Pure; knows no files.

A message that is new, or whose rate moved by more than chance explains, is a finding. Counts of
real logs come in bursts, so a message's own unsteadiness (its dispersion) is taken into account.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from ...messages import Change, Finding
from .onset import MIN_TICKS_AFTER, Grid, counts_of, dispersions_of
from .profile import Row, Sighting
from .severity import Severity

_CHANGE_G = 15.0
_MIN_COUNT = 5
_MIN_RATIO = 2.0
_NEW_CHANCE = 0.001
_LEAD_SHARE = 0.2
_HANDFUL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """How one message moved.

    Attributes:
        n_lines: Lines within the window that was asked for.
        ratio: Rate after over rate before; None when it was not seen before.
        usual: What was usual before, for example "3.1/s"; empty when that is unknown.
        is_unseen: Whether the baseline lacks it, but too few lines have it to call it new.
        first: The first line after the change, or the last one known before it when it is gone.
    """

    row: Row
    change: Change
    label: str
    n_lines: int
    ratio: float | None
    first: Sighting
    usual: str = ""
    is_unseen: bool = False

    @property
    def n_shown(self) -> int:
        """Lines that an entry for this message stands for: none when it is gone."""
        return 0 if self.change is Change.GONE else self.n_lines

    @property
    def is_bad(self) -> bool:
        """Whether it is a warning or worse."""
        return self.row.severity >= Severity.WARN

    @property
    def grows(self) -> bool:
        """Whether there is more of it than before."""
        return self.change in (Change.NEW, Change.RISING)

    @property
    def rank(self) -> tuple[int, int, float, int, str]:
        """Sorts causes first: what is worst and new, and among that what came first.

        A message of one or two lines stands behind those that keep coming.
        """
        first = self.first
        since = first.at.timestamp() if first.at is not None else float(first.line_number)
        order = since if self.grows or self.change is Change.GONE else -float(self.n_lines)
        rare = int(0 < self.n_lines <= 2)
        return self._group, rare, order, first.line_number, self.row.template_id

    @property
    def _group(self) -> int:
        severity = self.row.severity
        if self.grows:
            return {Severity.WARN: 1}.get(severity, 0 if self.is_bad else 3)
        if self.change is Change.GONE:
            return 2
        if self.is_unseen and self.is_bad:
            return 4
        if self.change is Change.FALLING:
            return 5
        return 6 + (Severity.FATAL - severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All movements, most telling first.

    Attributes:
        onset: The tick from which on counts differ from before, or None without one.
        has_baseline: Whether there was anything to compare with.
    """

    movements: tuple[Movement, ...]
    onset: int | None
    has_baseline: bool

    @property
    def changed(self) -> tuple[Movement, ...]:
        """Those that are not steady."""
        return tuple(each for each in self.movements if each.change is not Change.STEADY)


def compare(
    rows: Sequence[Row],
    grid: Grid,
    window_first: int,
    onset: int | None,
    tick_s: float | None = None,
) -> Comparison:
    """Compare what came after with what came before.

    Args:
        tick_s: Length of a tick in seconds, or None when ticks are lines.
        window_first: First tick of the window that was asked for; lines before it are baseline.
        onset: Where a change was found, or None: the window as a whole is compared.
    """
    cut = window_first if onset is None else onset
    n_before, n_after = cut - grid.first, max(1, grid.end - cut)
    has_baseline = n_before >= 1 and any(tick < cut for row in rows for tick in row.ticks)
    counts = counts_of(rows, grid)
    dispersions = dispersions_of(counts) if rows else np.ones(0)
    movements: list[Movement] = []
    for row, dispersion in zip(rows, dispersions, strict=True):
        if has_baseline:
            cutting = _Cut(
                grid.first, cut, window_first, grid.end, n_before / n_after, float(dispersion)
            )
            moved = _movement(row, cutting, n_before * tick_s if tick_s is not None else None)
        else:
            moved = _without_baseline(row, window_first)
        if moved is not None:
            movements.append(moved)
    return Comparison(
        movements=tuple(sorted(movements, key=lambda moved: moved.rank)),
        onset=onset,
        has_baseline=has_baseline,
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    first: int
    tick: int
    window_first: int
    end: int
    exposure: float
    dispersion: float

    @property
    def leading_tick(self) -> int:
        """From here on an error's first line belongs to what comes after the cut."""
        lead = int((self.tick - self.first) * _LEAD_SHARE)
        return min(self.tick, max(self.window_first, self.tick - lead))


def _movement(row: Row, cut: _Cut, before_s: float | None) -> Movement | None:
    before = sum(n for tick, n in row.ticks.items() if tick < cut.tick)
    after = row.n_lines - before
    if row.severity >= Severity.ERROR and min(row.ticks) >= cut.leading_tick:
        # An error that came first shortly before the onset is no less new: it may be the cause.
        before, after = 0, row.n_lines
    elif before and max(row.ticks) <= cut.tick < cut.end - MIN_TICKS_AFTER:
        # What ends within the very tick of the onset is gone, not merely rarer.
        before, after = row.n_lines, 0
    in_window = sum(n for tick, n in row.ticks.items() if tick >= cut.window_first)
    later = [tick for tick in row.firsts if tick >= cut.tick or not before]
    sighting = row.firsts[min(later) if later and after else max(row.firsts)]
    moved = judge(row, before, after, cut.exposure, cut.dispersion, in_window, sighting)
    if moved.change is Change.STEADY and in_window == 0:
        return None
    if not before:
        return moved
    return replace(moved, usual=f"{before / before_s:.2g}/s" if before_s else f"{before:,} before")


def _without_baseline(row: Row, window_first: int) -> Movement | None:
    ticks = [tick for tick in row.ticks if tick >= window_first]
    if not ticks:
        return None
    return Movement(
        row=row,
        change=Change.STEADY,
        label=row.severity.name,
        n_lines=sum(row.ticks[tick] for tick in ticks),
        ratio=None,
        first=row.firsts[min(ticks)],
    )


def judge(
    row: Row,
    before: int,
    after: int,
    exposure: float,
    dispersion: float,
    n_lines: int,
    sighting: Sighting,
) -> Movement:
    """How a message moved, from its counts before and after.

    Args:
        exposure: How much longer "before" is than "after".
        dispersion: How much more its counts vary than chance would have it; at least 1.
        n_lines: Lines within the window that was asked for.
        sighting: The line to show.
    """
    change = _change(row.severity, before, after, exposure, dispersion)
    ratio = after * exposure / before if before else None
    return Movement(
        row=row,
        change=change,
        label=label_of(change, row.severity, ratio),
        n_lines=n_lines,
        ratio=ratio,
        first=sighting,
    )


def _change(
    severity: Severity, before: int, after: int, exposure: float, dispersion: float
) -> Change:
    if before == 0:
        return Change.NEW if _is_really_new(severity, after, exposure) else Change.STEADY
    expected = before / exposure
    if max(after, expected) < _MIN_COUNT or _gain(before, after, exposure) / dispersion < _CHANGE_G:
        return Change.STEADY
    if after == 0:
        return Change.GONE
    ratio = after / expected
    if ratio >= _MIN_RATIO:
        return Change.RISING
    return Change.FALLING if ratio <= 1 / _MIN_RATIO else Change.STEADY


def _is_really_new(severity: Severity, after: int, exposure: float) -> bool:
    """An error is new with its first line; chatter only when its absence before tells something."""
    if severity >= Severity.ERROR:
        return after >= 1
    chance = (1 / (1 + exposure)) ** after
    return chance < _NEW_CHANCE and after >= (2 if severity is Severity.WARN else _MIN_COUNT)


def _gain(before: int, after: int, exposure: float) -> float:
    """G statistic of two counts whose exposures relate as `exposure` to 1."""
    total = before + after
    expected_after = total / (1 + exposure)
    expected_before = total - expected_after
    return 2 * sum(
        count * math.log(count / expected)
        for count, expected in ((before, expected_before), (after, expected_after))
        if count
    )


def label_of(change: Change, severity: Severity, ratio: float | None) -> str:
    """A change in a word or a factor; of what is steady, how grave it is."""
    if change is Change.RISING and ratio is not None:
        return f"×{ratio:,.0f}" if ratio >= 10 else f"×{ratio:.1f}"
    if change is Change.FALLING and ratio:
        return f"÷{1 / ratio:,.0f}" if ratio <= 0.1 else f"÷{1 / ratio:.1f}"
    if change is Change.STEADY:
        return severity.name if severity >= Severity.WARN else "STEADY"
    return change.name


def preceding(rows: Sequence[Row], onset_at: float, lead_s: float = 30.0) -> tuple[Movement, ...]:
    """Messages seen for the first time shortly before or at an onset, whatever their severity.

    Empty when there are more than a handful: then first sightings say nothing here.
    """
    firsts = [(row, row.firsts[min(row.firsts)]) for row in rows]
    times = [first.second for _, first in firsts if first.second is not None]
    if not times or onset_at - min(times) < lead_s:
        return ()
    near = [
        judge(row, 0, row.n_lines, 1.0, 1.0, row.n_lines, first)
        for row, first in firsts
        if first.second is not None and -lead_s <= first.second - onset_at <= 1
    ]
    return (
        tuple(replace(moved, change=Change.NEW, label="NEW") for moved in near[:_HANDFUL])
        if (len(near) <= _HANDFUL)
        else ()
    )


def as_finding(movement: Movement) -> Finding:
    """The movement as people see it."""
    since = None if movement.change is Change.STEADY else movement.first.at
    last_second = movement.row.last_second
    if movement.change is Change.GONE and last_second is not None:
        since = datetime.fromtimestamp(last_second, UTC)
    usually = f" (usually {movement.usual})" if movement.change is Change.GONE else ""
    return Finding(
        change=movement.change,
        label=movement.label,
        count=movement.n_shown,
        template=f"{movement.row.pattern}{usually}",
        since=since,
        service=movement.row.service,
    )

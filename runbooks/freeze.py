"""Change freezes: when nothing is changed, and why; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from .errors import PolicyError
from .schema import Risk

MINUTES_PER_WEEK = 7 * 24 * 60
CHANGES = frozenset({Risk.LOW, Risk.MEDIUM, Risk.HIGH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """The same hours every week, in minutes since Monday 00:00 of the freeze's zone.

    `end_minute` may be less than `start_minute`: the window then runs over Sunday night.
    """

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        for minute in (self.start_minute, self.end_minute):
            if not 0 <= minute < MINUTES_PER_WEEK:
                raise PolicyError("a minute of a week is from 0 to 10079")
        if self.start_minute == self.end_minute:
            raise PolicyError("a weekly freeze begins and ends at the same time")

    def holds(self, local: datetime) -> bool:
        """Whether a local time lies inside; the start does, the end does not."""
        minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
        if self.start_minute < self.end_minute:
            return self.start_minute <= minute < self.end_minute
        return minute >= self.start_minute or minute < self.end_minute

    def end_after(self, local: datetime) -> datetime:
        """The wall-clock time at which the window that holds `local` ends."""
        monday = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        monday -= timedelta(days=local.weekday())
        end = monday + timedelta(minutes=self.end_minute)
        return end if end > local else end + timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """From one moment to another, aware; the end does not belong to it."""

    start_at: datetime
    end_at: datetime

    def __post_init__(self) -> None:
        if self.end_at <= self.start_at:
            raise PolicyError("a freeze must end after it begins")

    def holds(self, local: datetime) -> bool:
        """Whether a moment lies inside."""
        return self.start_at <= local < self.end_at

    def end_after(self, local: datetime) -> datetime:
        """When it ends, in the zone of `local`."""
        return self.end_at.astimezone(local.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A window in which changes are not approved, and do not run.

    Attributes:
        environments: Names or patterns such as "prod*".
        override: Roles whose approvals count nevertheless.
    """

    name: str
    window: Weekly | Dated
    zone: ZoneInfo
    reason: str
    environments: tuple[str, ...] = ("*",)
    risks: frozenset[Risk] = CHANGES
    override: tuple[str, ...] = ()

    def holds(self, risk: Risk, environment: str, now: datetime) -> bool:
        """Whether it stops this risk in this environment at an aware moment."""
        if risk not in self.risks or not matches(self.environments, environment):
            return False
        return self.window.holds(now.astimezone(self.zone))

    def sentence(self, now: datetime) -> str:
        """What it is called, until when, and why; `now` lies inside."""
        end = self.window.end_after(now.astimezone(self.zone))
        return f"change freeze {self.name!r} until {end:%a %Y-%m-%d %H:%M} {end.tzname()}: {self.reason}"


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether any of the patterns is the name or, with `*` and `?`, fits it."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)

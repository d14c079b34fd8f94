"""Which log lines are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines are wanted.

    Attributes:
        services: Names of configured sources; empty means all.
        start: Lines before this time are not wanted (aware), or None.
        end: Lines at or after this time are not wanted (aware), or None.
        level: Only lines at least so serious, or None.
        contains: Only lines with this text, letters of either case; empty means all.
    """

    services: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    level: Severity | None = None
    contains: str = ""

"""The journal of systemd, read by `journalctl -o json`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from .command import Run, window_options
from .entry import Entry, stamp_of, stamped
from .query import LogQuery

_FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_PID,SYSLOG_PID"
# Priorities 5 and 6 are what everything gets that states none: the message's own words count then.
_LEVELS = {"0": b"EMERG", "1": b"ALERT", "2": b"CRIT", "3": b"ERROR", "4": b"WARN", "7": b"DEBUG"}

_Field: TypeAlias = str | list[int] | list[str | list[int]] | None
_RECORD: TypeAdapter[dict[str, _Field]] = TypeAdapter(dict[str, _Field])


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Entries of a unit; of all units when none is named.

    Attributes:
        unit: For example `nginx.service`, or empty.
        directory: Where the journal's files are; the machine's own by default.
    """

    unit: str = ""
    directory: Path | None = None
    program: str = "journalctl"

    @property
    def merges_stderr(self) -> bool:
        """Entries come on standard output only."""
        return False

    def runs(self, query: LogQuery) -> tuple[Run, ...]:
        """One run, limited to the window."""
        return (Run(argv=(*self._base, *window_options(query, _instant))),)

    def newest_run(self) -> Run:
        """The last entry."""
        return Run(argv=(*self._base, "--lines=1"))

    @property
    def _base(self) -> tuple[str, ...]:
        where = () if self.directory is None else (f"--directory={self.directory}",)
        unit = (f"--unit={self.unit}",) if self.unit else ()
        asked = ("--output=json", "--all", "--quiet", "--no-pager", f"--output-fields={_FIELDS}")
        return (self.program, *asked, *where, *unit)

    def entry(self, line: bytes) -> Entry | None:
        """An entry as a line: time, level, program and process, message."""
        try:
            record = _RECORD.validate_json(line)
            stamp = stamp_of(int(_text(record.get("__REALTIME_TIMESTAMP"))) * 1000)
        except (ValidationError, ValueError, OverflowError):
            return None
        message = _text(record.get("MESSAGE"))
        who = _text(record.get("SYSLOG_IDENTIFIER")) or _text(record.get("_COMM"))
        pid = _text(record.get("_PID")) or _text(record.get("SYSLOG_PID"))
        tag = who + (b"[%b]" % pid if pid else b"")
        body = b"%b: %b" % (tag, message) if tag and not message[:1].isspace() else message
        level = _LEVELS.get(_text(record.get("PRIORITY")).decode("ascii", "replace"), b"")
        return Entry(self.unit or "journal", stamped(stamp, body, level))

    def is_normal(self, note: str) -> bool:
        """Hints about groups and an empty journal."""
        return note.startswith(("Hint:", "-- No entries", "-- Logs begin", "-- Journal begins"))


def _instant(at: datetime) -> str:
    return f"@{at.timestamp():.6f}"


def _text(value: _Field) -> bytes:
    """A field's bytes: text, the bytes of what is not text, or the first of several."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if not value:
        return b""
    if isinstance(value[0], int):
        return bytes(cast("list[int]", value))
    return _text(value[0])

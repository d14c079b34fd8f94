"""Which files belong together: a log and its rotated predecessors, oldest first."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path

from .file import FileStream
from .limits import Limits

_DATE = r"(?P<date>\d{8}(?:-\d+)?|\d{4}-\d\d-\d\d\w*)"
_NUMBER = r"(?P<number>\d{1,4})"
_PACK = r"(?P<pack>\.(?:gz|bz2|xz|zst))?"
# app.log.1, app.log-20260131.gz
_AFTER = re.compile(rf"^(?P<base>.+?)(?:[.-]{_DATE})?(?:\.{_NUMBER})?{_PACK}$")
# app.2026-01-31.log, app-2026-01-31.0.log.gz, app.1.log
_BEFORE = re.compile(
    rf"^(?P<stem>.+?)(?:[.-]{_DATE}(?:\.{_NUMBER})?|\.(?P<only>\d{{1,2}}))"
    rf"(?P<extension>\.(?:log|txt|jsonl?|out|err)){_PACK}$"
)


def streams_of(
    globs: Sequence[str], zone: tzinfo = UTC, limits: Limits | None = None
) -> tuple[FileStream, ...]:
    """The streams behind file globs, by name; rotated files belong to the file they were.

    A plain name brings its rotated siblings along: `app.log` also means `app.log.1`,
    `app.log.2.gz`, `app.log-20260131` and `app.2026-01-31.log`.
    """
    paths: set[Path] = set()
    for pattern in globs:
        paths |= _files(pattern)
        for sibling in _siblings(pattern):
            paths |= {path for path in _files(sibling) if _base(path) != path.name}
    sets: dict[Path, list[Path]] = {}
    for path in paths:
        live = path.with_name(_base(path))
        # Without a live file, worker.1.log and worker.2.log are of two workers.
        is_own = _is_numbered_before(path) and live not in paths
        sets.setdefault(path if is_own else live, []).append(path)
    shared = limits or Limits()
    return tuple(
        FileStream(name=base.name, paths=tuple(sorted(members, key=_age)), zone=zone, limits=shared)
        for base, members in sorted(sets.items())
    )


def _files(pattern: str) -> set[Path]:
    found = glob.glob(os.path.expanduser(pattern), recursive=True)
    return {path for name in found if (path := Path(name)).is_file()}


def _siblings(pattern: str) -> tuple[str, ...]:
    stem, extension = os.path.splitext(pattern)
    dated = f"{stem}[.-][0-9]*{extension}"
    return f"{pattern}.[0-9]*", f"{pattern}-[0-9]*", dated, f"{dated}.*"


def _base(path: Path) -> str:
    before = _BEFORE.match(path.name)
    if before:
        return before.group("stem") + before.group("extension")
    after = _AFTER.match(path.name)
    return after.group("base") if after else path.name


def _is_numbered_before(path: Path) -> bool:
    before = _BEFORE.match(path.name)
    return before is not None and before.group("only") is not None


def _age(path: Path) -> tuple[int, str, int]:
    """Sorts a rotated set from the oldest to the live file."""
    before = _BEFORE.match(path.name)
    if before and before.group("date"):
        # NOTE: beside a date the number counts up, alone it counts back.
        return (0, before.group("date"), int(before.group("number") or 0))
    match = before or _AFTER.match(path.name)
    if match is None:
        return (1, "", 0)
    number = int(match.group("only" if before else "number") or 0)
    date = match.group("date") or ""
    return (0 if date else 1, date, -number)

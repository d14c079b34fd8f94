"""Commits of git repositories in and shortly before the window that touch a service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from ...logs.numbers import count_text
from ...logs.sources import LogSourceError
from ...logs.sources.limits import Limits, stopped_after
from ...logs.sources.process import Notes, output_lines
from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..errors import LookFailedError
from .base import Asked
from .quoting import one_line

_COMMIT_WEIGHT = 1.5
_LEAD = timedelta(minutes=60)
_MAX_COMMITS = 200
_MAX_SHOWN = 4
_MAX_ELSEWHERE = 3
_LIMIT_S = 15.0
_MARK = "\x1e"
_FORMAT = f"--format={_MARK}%h%x1f%ct%x1f%an%x1f%s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit.

    Attributes:
        at: When it was committed, aware UTC.
        paths: Files that it changed.
    """

    repository: str
    commit_id: str
    at: datetime
    author: str
    subject: str
    paths: tuple[str, ...]


class ChangesTool:
    """Reads the history of local clones; runs nothing of what is in them."""

    tool = Tool.CHANGES

    def __init__(self, repositories: Sequence[Path]) -> None:
        self._repositories = tuple(repositories)

    def can_look_at(self, service: str) -> bool:
        """Any service may have been changed."""
        return bool(service)

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`."""
        limits = Limits(silence_s=_LIMIT_S, total_s=_LIMIT_S)
        with stopped_after(limits):
            commits = await asyncio.to_thread(self._commits, case, limits)
        commits.sort(key=lambda each: each.at)
        touching = [each for each in commits if touches(each, service, case.known)]
        clues = [_clue(each, service, case) for each in touching[-_MAX_SHOWN:]]
        if service in case.asked[:1]:
            clues += _elsewhere(commits, case)
        note = f"{count_text(len(commits), 'commit')}, of these about {service}: {len(touching)}"
        return Look(tool=Tool.CHANGES, service=service, clues=tuple(clues), note=note)

    def _commits(self, case: CaseFile, limits: Limits) -> list[Commit]:
        since = case.window.start - _LEAD
        found: list[Commit] = []
        for folder in self._repositories:
            found += commits_of(folder, since, case.window.end, limits)
        return found


def commits_of(folder: Path, since: datetime, until: datetime, limits: Limits) -> list[Commit]:
    """The commits of a clone between two aware times; blocks.

    Raises:
        LookFailedError: It is no repository, or git failed.
    """
    argv = (
        "git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-C", str(folder),
        "--no-pager", "log", "--all", "--no-ext-diff", "--no-textconv", "--name-only", "-z",
        f"--max-count={_MAX_COMMITS}", f"--since={int(since.timestamp())}",
        f"--until={int(until.timestamp())}", _FORMAT,
    )  # fmt: skip
    notes = Notes()
    try:
        raw = b"\n".join(output_lines(argv, notes, limits)).decode("utf-8", "replace")
    except LogSourceError as exc:
        raise LookFailedError(f"{folder}: {exc}") from exc
    if notes.exit_status:
        reason = notes.lines[-1] if notes.lines else f"git ended with {notes.exit_status}"
        raise LookFailedError(f"{folder}: {reason}")
    return [_commit(entry, folder) for entry in raw.split(_MARK) if entry.strip("\0\n")]


def _commit(entry: str, folder: Path) -> Commit:
    head, _, files = entry.partition("\n")
    if "\0" in head:
        head, _, more = head.partition("\0")
        files = f"{more}\0{files}"
    commit_id, seconds, author, subject = head.split("\x1f", 3)
    return Commit(
        repository=folder.name,
        commit_id=commit_id,
        at=datetime.fromtimestamp(int(seconds), UTC),
        author=author,
        subject=subject,
        paths=tuple(path.strip("\n") for path in files.split("\0") if path.strip("\n")),
    )


def touches(commit: Commit, service: str, known: Sequence[str]) -> bool:
    """Whether a commit is about a service: by its paths, its repository or its subject.

    A longer name wins: what touches "orders-db" does not touch "orders".
    """
    places = [*commit.paths, commit.subject, commit.repository]
    longer = [name for name in known if name != service and service in name]
    for place in places:
        for name in longer:
            place = place.replace(name, "")
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(service)}(?![A-Za-z0-9])", place, re.IGNORECASE):
            return True
    return False


def _elsewhere(commits: Sequence[Commit], case: CaseFile) -> list[Clue]:
    """The newest changes of other services: people will ask about them."""
    others = [name for name in case.known if name not in case.asked]
    told = (
        (commit, name)
        for commit in reversed(commits)
        for name in others
        if touches(commit, name, case.known)
    )
    return [_clue(commit, name, case) for commit, name in islice(told, _MAX_ELSEWHERE)]


def _clue(commit: Commit, service: str, case: CaseFile) -> Clue:
    at = commit.at.astimezone(case.window.start.tzinfo)
    files = f", {len(commit.paths)} files" if len(commit.paths) != 1 else f", {commit.paths[0]}"
    subject = one_line(commit.subject, 120)
    return Clue(
        tool=Tool.CHANGES,
        service=service,
        stance=Stance.BEGAN,
        signal="deploy",
        weight=_COMMIT_WEIGHT,
        text=f"{at:%H:%M:%S} {one_line(commit.repository)} {commit.commit_id}: `{subject}`{one_line(files)}",
        quote=one_line(f"{commit.commit_id} {commit.subject}", 400),
        at=commit.at,
    )

"""Marks in words: what was set, what is listed, what is folded or known in an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from ...messages import Prose, Reply
from ...store.log_marks import Mark, MarkKind

_MAX_LISTED = 40
_MAX_PATTERN_CHARS = 120


def where(mark: Mark) -> str:
    """The place a mark holds for."""
    return f"in {mark.service}" if mark.service else "in pasted and uploaded logs"


def who_and_why(mark: Mark, zone: tzinfo) -> str:
    """Reason, name and day, for example "nightly backup (Maya, 21 Nov 2026)"."""
    return f"{mark.reason} ({mark.name}, {mark.created_at.astimezone(zone):%d %b %Y})"


def was_set(mark: Mark, zone: tzinfo, *, is_new: bool) -> Reply:
    """A mark was set, or was there before."""
    verb = "ignored" if mark.kind is MarkKind.IGNORED else "a known issue"
    already = "" if is_new else "already "
    then = (
        "Its lines are folded in later answers and counted there"
        if mark.kind is MarkKind.IGNORED
        else "Later answers say so where it appears"
    )
    text = (
        f"{_pattern(mark)} {where(mark)} is {already}{verb}: {who_and_why(mark, zone)}. {then}; "
        f"`take back {mark.mark_id}` ends that."
    )
    return _reply(text)


def was_taken_back(mark: Mark, name: str) -> Reply:
    """A mark was ended."""
    verb = "ignored" if mark.kind is MarkKind.IGNORED else "a known issue"
    return _reply(f"{_pattern(mark)} {where(mark)} is no longer {verb}; {name} took it back.")


def listed(marks: Sequence[Mark], zone: tzinfo) -> Reply:
    """Everything that is ignored or known, with who, when and why."""
    if not marks:
        return _reply("Nothing is ignored, and no issue is known.")
    lines = [
        f"*{mark.mark_id}*  {mark.kind.value} {where(mark)}: {_pattern(mark)} – "
        f"{who_and_why(mark, zone)}"
        for mark in marks[:_MAX_LISTED]
    ]
    if len(marks) > _MAX_LISTED:
        lines.append(f"and {len(marks) - _MAX_LISTED} more; `opsbot logs ignored` lists all")
    lines.append("`take back NUMBER` ends one.")
    n_ignored = sum(mark.kind is MarkKind.IGNORED for mark in marks)
    summary = f"{n_ignored} ignored, {len(marks) - n_ignored} known."
    return Reply(parts=(Prose(text="\n".join(lines)),), summary=summary)


def _pattern(mark: Mark) -> str:
    pattern = mark.pattern.replace("`", "'")
    return f"`{pattern[:_MAX_PATTERN_CHARS]}`"


def _reply(text: str) -> Reply:
    return Reply(parts=(Prose(text=text),), summary=text)

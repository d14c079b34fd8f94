"""A thread's summary as a short Markdown document made of quotations. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .picking import Picked
from .thread import Statement

MAX_CHARS = 2800
"""What a form's text field holds, with some room."""

MAX_KEPT_CHARS = 24_000
"""What can be kept of a text that people edited, in several fields when it is long."""

MAX_TITLE_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is shown to people, and learned when one of them says yes."""

    title: str
    text: str


def summarise(said: Sequence[Statement], picked: Picked, runs: Sequence[str]) -> Summary:
    """Put together what was wrong, why, what helped, what was asked, found and run.

    Args:
        runs: One line each: what was proposed, who decided, what came of it.
    """
    chosen = {one.text for one in (picked.problem, picked.cause, picked.resolution) if one}
    rest = [one for one in said if one.text not in chosen]
    sections = (
        ("Problem", _one(picked.problem)),
        ("Cause", _one(picked.cause)),
        ("Resolution", _one(picked.resolution)),
        ("Runs and approvals", list(runs)),
        ("Asked", [one.line for one in rest if one.is_question]),
        ("Found", [one.line for one in rest if one.is_bot]),
        ("Said", [one.line for one in rest if not one.is_question and not one.is_bot]),
    )
    return Summary(title=_title(said, picked), text="\n".join(_within(sections)))


def _title(said: Sequence[Statement], picked: Picked) -> str:
    about = picked.problem or next(iter(said), None)
    return about.text[:MAX_TITLE_CHARS] if about is not None else "A thread"


def _one(statement: Statement | None) -> list[str]:
    return [statement.line] if statement is not None else []


def _within(sections: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    """The lines that fit, the most telling sections first."""
    n_left = MAX_CHARS
    for name, lines in sections:
        begun = False
        for line in lines:
            head = "" if begun else f"## {name}\n"
            piece = f"{head}- {line}"
            if len(piece) + 1 > n_left:
                break
            n_left -= len(piece) + 1
            begun = True
            yield piece

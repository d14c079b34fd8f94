"""What a summary looks like while it waits for a person's yes, and after."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.access import private_group
from bot.messages import Choice, Choices, Heading, Note, Part, Phase, Prose, Reply
from bot.store.thread_notes import NoteState, ThreadNote

from .actions import DISCARD, EDIT, KEEP, NOTE_ACTION
from .thread import ABOUT_ITSELF

_SECTION = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def working() -> Reply:
    """The thread is being read."""
    text = "Reading this thread."
    return Reply(
        parts=(Note(text=text),),
        summary=f"{ABOUT_ITSELF} {text}",
        phase=Phase.WORKING,
        status="reading",
    )


def sentence(text: str) -> Reply:
    """One sentence instead of a summary."""
    return Reply(parts=(Prose(text=text),), summary=f"{ABOUT_ITSELF} {text}")


def waiting(note: ThreadNote, remark: str = "") -> Reply:
    """The summary with its buttons."""
    values = ((f"{KEEP}", "Keep"), (f"{EDIT}", "Edit"), (f"{DISCARD}", "Discard"))
    buttons = tuple(
        Choice(label=label, action=NOTE_ACTION, value=f"{verb} {note.note_id}")
        for verb, label in values
    )
    small = " · ".join(filter(None, ("not learned yet", who_may_read(note), remark)))
    parts = (*_body(note), Note(text=small), Choices(options=buttons))
    return Reply(parts=parts, summary=f"{ABOUT_ITSELF} it waits for a yes.")


def decided(note: ThreadNote, line: str) -> Reply:
    """The summary without buttons, and what became of it."""
    body = () if note.state is NoteState.DISCARDED else _body(note)
    return Reply(parts=(*body, Note(text=line)), summary=f"{ABOUT_ITSELF} {line}")


def who_may_read(note: ThreadNote) -> str:
    """The audience in words."""
    if not note.groups:
        return "everybody will find it"
    if note.groups == frozenset({private_group(note.thread.channel_id)}):
        return "only questions asked in this channel will find it"
    return f"only the group {', '.join(sorted(note.groups))} will find it"


def _body(note: ThreadNote) -> tuple[Part, ...]:
    return (Heading(text=f"Summary: {note.title}"), *_sections(note.text))


def _sections(text: str) -> Iterator[Part]:
    before, *pieces = _SECTION.split(text)
    if before.strip():
        yield Prose(text=before.strip())
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        lines = [f"• {line.removeprefix('- ')}" for line in body.strip().splitlines() if line]
        yield Prose(text="\n".join((f"*{name}*", *lines)))

"""What a summary looks like while it waits for a person's yes, and after."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.access import private_group
from bot.messages import (
    Choice,
    Choices,
    Heading,
    Note,
    Part,
    Phase,
    Prose,
    Reply,
    SourcedLine,
    SourcedLines,
)
from bot.store.thread_notes import NoteState, ThreadNote

from .actions import DISCARD, EDIT, KEEP, NOTE_ACTION
from .thread import ABOUT_ITSELF

_SECTION = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_LINKED = re.compile(r"\[([^\]\n]{1,60})\]\((https?://[^\s()<>|]+)\) (.*)")


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
    is_thread = note.thread.thread_ts.replace(".", "").isdigit()  # else a document of its own
    title = f"Summary: {note.title}" if is_thread else note.title
    return (Heading(text=title), *_sections(note.text, note.url))


def _sections(text: str, url: str) -> Iterator[Part]:
    before, *pieces = _SECTION.split(text)
    if before.strip():
        yield from _lines(before, url)
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        yield from _lines(body, url, name)


def _lines(body: str, url: str, name: str = "") -> Iterator[Part]:
    """A section; lines that begin with a link into the same workspace keep it."""
    lines = [line.removeprefix("- ") for line in body.strip().splitlines() if line]
    linked = [_LINKED.fullmatch(line) for line in lines]
    base = url.partition("/archives/")[0]
    if not base or not any(linked):
        texts = [f"• {line}" for line in lines] if name else [body.strip()]
        yield Prose(text="\n".join((*([f"*{name}*"] if name else []), *texts)))
        return
    rows = [
        SourcedLine(text=match.group(3), label=match.group(1), url=match.group(2))
        if match is not None and match.group(2).startswith(f"{base}/archives/")
        else SourcedLine(text=line)
        for line, match in zip(lines, linked, strict=True)
    ]
    yield SourcedLines(title=name, rows=tuple(rows))

"""The form in which a thread's summary is edited before it is learned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..messages import ThreadRef
from ..skills.learn.summary import MAX_CHARS, MAX_TITLE_CHARS
from ..store.thread_notes import ThreadNote
from .mrkdwn import clean
from .parameter_fields import plain

NOTE_VIEW = "edit_thread_note"
TITLE = "title"
TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledNote:
    """The form, filled in.

    Attributes:
        message_ts: The message that shows the summary.
    """

    note_id: int
    thread: ThreadRef
    message_ts: str
    title: str
    text: str


def note_modal(note: ThreadNote, thread: ThreadRef, message_ts: str) -> Mapping[str, Any]:
    """Ask for another title and text."""
    private = {
        "note_id": note.note_id,
        "channel_id": thread.channel_id,
        "thread_ts": thread.thread_ts,
        "message_ts": message_ts,
    }
    return {
        "type": "modal",
        "callback_id": NOTE_VIEW,
        "private_metadata": json.dumps(private),
        "title": plain("Edit the summary"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": [
            _field(TITLE, "Title", note.title, MAX_TITLE_CHARS),
            *_text_fields(note.text),
        ],
    }


def read_note(view: Mapping[str, Any]) -> FilledNote:
    """Read the submitted form."""
    private = json.loads(str(view["private_metadata"]))
    values = view["state"]["values"]
    return FilledNote(
        note_id=int(private["note_id"]),
        thread=ThreadRef(str(private["channel_id"]), str(private["thread_ts"])),
        message_ts=str(private["message_ts"]),
        title=str(values[TITLE][TITLE].get("value") or "").strip(),
        text="\n".join(filter(None, (_text_in(values, name) for name in _names(values)))),
    )


def _names(values: Mapping[str, Any]) -> list[str]:
    """The text's fields in their order."""
    return sorted((name for name in values if name.startswith(TEXT)), key=lambda n: (len(n), n))


def _text_in(values: Mapping[str, Any], name: str) -> str:
    return str(values[name][name].get("value") or "").strip("\n ")


def _text_fields(text: str) -> list[dict[str, Any]]:
    """The text in one field, or in as many as a long one needs, cut between lines."""
    pieces = [""]
    for line in text.splitlines(keepends=True):
        if len(pieces[-1]) + len(line) > MAX_CHARS:
            pieces.append("")
        pieces[-1] += line[:MAX_CHARS]
    fields = [
        _field(
            f"{TEXT}{number or ''}",
            "What is worth remembering" if not number else f"Part {number + 1}",
            piece.rstrip("\n"),
            MAX_CHARS,
            multiline=True,
        )
        | {"optional": number > 0}
        for number, piece in enumerate(pieces)
    ]
    fields[-1]["hint"] = plain("Nothing is learned until somebody keeps it.")
    return fields


def _field(
    block_id: str, label: str, value: str, limit: int, *, multiline: bool = False
) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": block_id,
        "initial_value": clean(value)[:limit],
        "max_length": limit,
        "multiline": multiline,
    }
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}

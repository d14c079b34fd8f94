"""The form that asks which message of a log answer to ignore, or what it is known to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..messages import ThreadRef
from ..skills.logs.orders import SetMark
from ..store.log_answers import Evidence, LogAnswer
from ..store.log_marks import MarkKind
from .mrkdwn import clean, shorten

MARK_VIEW = "mark_log_message"
REASON = "reason"
_MESSAGE = "message"
_KIND = "kind"
_OPTION_CHARS = 75
_KINDS = {
    MarkKind.IGNORED: "Ignore it: fold its lines in later answers",
    MarkKind.KNOWN: "Keep showing it, as a known issue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledMark:
    """The form, filled in.

    Attributes:
        view_id: The same for every delivery of the same submission.
    """

    order: SetMark
    thread: ThreadRef
    view_id: str


def mark_modal(answer: LogAnswer, thread: ThreadRef) -> Mapping[str, Any]:
    """Ask for message, kind and reason; the top message is chosen already."""
    private = {
        "request_id": answer.request_id,
        "channel_id": thread.channel_id,
        "thread_ts": thread.thread_ts,
    }
    messages = [_option(_named(each), str(each.number)) for each in answer.evidence]
    kinds = [_option(words, kind.value) for kind, words in _KINDS.items()]
    return {
        "type": "modal",
        "callback_id": MARK_VIEW,
        "private_metadata": json.dumps(private),
        "title": _plain("Ignore a template"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(_MESSAGE, "Message", _choice("static_select", messages)),
            _input(_KIND, "What about it?", _choice("radio_buttons", kinds)),
            _input(REASON, "Why?", {"type": "plain_text_input", "max_length": 500})
            | {"hint": _plain("Stored with your name and shown in later answers.")},
        ],
    }


def read_mark(view: Mapping[str, Any]) -> FilledMark:
    """Read the submitted form."""
    private = json.loads(str(view["private_metadata"]))
    values = view["state"]["values"]
    reason = values[REASON][REASON].get("value") or ""
    order = SetMark(
        request_id=str(private["request_id"]),
        number=int(values[_MESSAGE][_MESSAGE]["selected_option"]["value"]),
        kind=MarkKind(values[_KIND][_KIND]["selected_option"]["value"]),
        reason=str(reason).strip(),
    )
    thread = ThreadRef(str(private["channel_id"]), str(private["thread_ts"]))
    return FilledMark(order=order, thread=thread, view_id=str(view["id"]))


def _named(evidence: Evidence) -> str:
    return f"[{evidence.number}] {' '.join(clean(evidence.pattern).split())}"


def _option(text: str, value: str) -> Mapping[str, Any]:
    return {"text": _plain(shorten(text, _OPTION_CHARS)), "value": value}


def _choice(kind: str, options: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"type": kind, "options": options, "initial_option": options[0]}


def _input(block_id: str, label: str, element: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label),
        "element": {**element, "action_id": block_id},
    }


def _plain(text: str) -> Mapping[str, Any]:
    return {"type": "plain_text", "text": text}

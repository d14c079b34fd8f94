"""What buttons and people ask of an answer about logs, as text and back. Pure.

A button's value is what a person could have typed; only ids and numbers stand in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from ...store.log_marks import MarkKind

_ID = r"([\w.-]{1,160})"
_MORE = re.compile(rf"^more context of {_ID}$")
_YESTERDAY = re.compile(rf"^compare {_ID} with yesterday$")
_MARK = re.compile(rf"^mark \[(\d{{1,3}})\] of {_ID} as (ignored|known)\n(.+)$", re.DOTALL)
_WHAT = r"(?:(?:log )?(?:templates?|messages?|issues?|errors?))"
_LIST = re.compile(
    r"^(?:please )?(?:list|show|which|what(?:'s| is| are)?)?(?: me)?(?: the| all| are| is)* ?"
    rf"(?:ignored(?: {_WHAT})?|known issues?)(?: (?:are there|do we have))?[.?! ]*$",
    re.IGNORECASE,
)
_TAKE_BACK = re.compile(
    r"^(?:please )?(?:stop ignoring|un-?ignore|take back|no longer ignore|forget)(?: the)?"
    rf"(?: mark| ignored| known)?(?: {_WHAT})? (?:number |no\.? ?|# ?)?(\d{{1,9}})[.! ]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MoreContext:
    """Show the lines around an answer's top evidence."""

    request_id: str


@dataclass(frozen=True, slots=True)
class CompareYesterday:
    """Compare an answer's window with the same one a day earlier."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMark:
    """Ignore a message of an answer, or say what it is known to be.

    Attributes:
        number: The [n] of the message in the answer.
    """

    request_id: str
    number: int
    kind: MarkKind
    reason: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """End a mark."""

    mark_id: int


@dataclass(frozen=True, slots=True)
class ListMarks:
    """Say what is ignored and what is known."""


Order: TypeAlias = MoreContext | CompareYesterday | SetMark | TakeBack | ListMarks


def read_order(text: str) -> Order | None:
    """The order that a text is, or None when it is a question."""
    text = text.strip()
    if match := _MORE.match(text):
        return MoreContext(match.group(1))
    if match := _YESTERDAY.match(text):
        return CompareYesterday(match.group(1))
    if match := _MARK.match(text):
        number, request_id, kind, reason = match.groups()
        return SetMark(
            request_id=request_id, number=int(number), kind=MarkKind(kind), reason=reason.strip()
        )
    return _about_marks(text)


def _about_marks(text: str) -> TakeBack | ListMarks | None:
    words = " ".join(text.replace("\u2019", "'").split())
    if match := _TAKE_BACK.match(words):
        return TakeBack(int(match.group(1)))
    return ListMarks() if _LIST.match(words) else None


def order_text(order: MoreContext | CompareYesterday | SetMark) -> str:
    """The text that `read_order` reads as this order."""
    if isinstance(order, MoreContext):
        return f"more context of {order.request_id}"
    if isinstance(order, CompareYesterday):
        return f"compare {order.request_id} with yesterday"
    place = f"[{order.number}] of {order.request_id}"
    return f"mark {place} as {order.kind.value}\n{order.reason}"

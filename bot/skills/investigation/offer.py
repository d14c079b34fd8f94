"""The button under a log answer whose evidence names no cause by itself. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from ...messages import Choice, Choices, Reply, Request
from .orders import INVESTIGATE_ACTION, order_text
from .phrases import phrases_of
from .signals import signal_in

_MAX_BUTTONS = 5
_SHOWS_NO_CAUSE = frozenset({"", "dependency", "error", "crash", "pool_exhausted"})
_ASKS_WHY = re.compile(
    r"\bwhy\b|\bwarum\b|\bpor ?qu[eé]\b|为什么|为啥|なぜ|どうして", re.IGNORECASE
)


def offer_investigation(request: Request, reply: Reply) -> Reply:
    """Add "Investigate" where one service was asked about and its logs do not tell the cause.

    Nothing is added to answers about pasted text, and none in a terminal, where nobody clicks.
    """
    service = reply.facts.get("service", "")
    if not service or not request.thread.channel_id or request.attachments:
        return reply
    evidence = reply.facts.get("evidence", "")
    signals = {
        found.signal_id if (found := signal_in(line)) else "" for line in evidence.split("\n")
    }
    if evidence and not signals <= _SHOWS_NO_CAUSE:
        return reply
    if not evidence and not _ASKS_WHY.search(request.text):
        return reply
    label = phrases_of(request.language).investigate
    value = order_text(service, request.language)
    button = Choice(label=label, action=INVESTIGATE_ACTION, value=value)
    last = reply.parts[-1] if reply.parts else None
    if isinstance(last, Choices) and len(last.options) < _MAX_BUTTONS:
        return replace(reply, parts=(*reply.parts[:-1], Choices(options=(*last.options, button))))
    return replace(reply, parts=(*reply.parts, Choices(options=(button,))))

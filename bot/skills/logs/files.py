"""The files under a log answer: a timeline when there is something to see, and the full report."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...messages import Attached, OutgoingFile, Request
from .looked import Looked
from .report import report_of
from .timeline import timeline_of

_MAX_NAME_CHARS = 40


def attached(request: Request, looked: Looked) -> Attached:
    """What can be made of a look, once somebody can be shown it."""
    return Attached(make=_maker(request, looked))


def _maker(request: Request, looked: Looked) -> Callable[[], tuple[OutgoingFile, ...]]:
    def make() -> tuple[OutgoingFile, ...]:
        return (*_timeline(request, looked), _report(request, looked))

    return make


def _timeline(request: Request, looked: Looked) -> tuple[OutgoingFile, ...]:
    timeline = timeline_of(looked.analysis)
    if timeline is None:
        return ()
    from .timeline_chart import describe, draw

    picture = OutgoingFile(
        name=f"errors-{_stem(request, looked)}.png",
        title="Timeline of errors",
        content=draw(timeline, looked.zone),
        alt_text=describe(timeline, looked.zone),
    )
    return (picture,)


def _report(request: Request, looked: Looked) -> OutgoingFile:
    text = report_of(looked, request.text, request.actor.name, request.received_at)
    return OutgoingFile(
        name=f"log-report-{_stem(request, looked)}.md",
        title="Full log report",
        content=text.encode(),
    )


def _stem(request: Request, looked: Looked) -> str:
    """Part of a file name: what was looked at and when it was asked."""
    names = [each.service for each in looked.analysis.services]
    name = names[0] if len(names) == 1 else f"{len(names)}-logs"
    safe = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:_MAX_NAME_CHARS] or "log"
    return f"{safe}-{request.received_at:%Y%m%d-%H%M%S}"

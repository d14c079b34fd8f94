"""The draft of a post-mortem as Markdown whose every line links to its source. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.phrases import say
from bot.store.incidents import Incident

from .status import causes, duration, heading, impact
from .timeline import Event, EventKind

MAX_CHARS = 20_000
"""More is not learned as one document; the timeline at the terminal has every line."""
_TRIED = frozenset({EventKind.PROPOSED, EventKind.APPROVED, EventKind.DECIDED, EventKind.RAN})
_QUESTIONS = ("numbers", "detection", "prevention", "owner")
_BRACKETS = re.compile(r"[\[\]]")


def draft(incident: Incident, events: Sequence[Event], now: datetime, language: str) -> str:
    """The draft, without its title.

    Args:
        now: Aware UTC; stands for the end of an incident that is still open.
    """
    sections = (
        ("incident_impact", impact(events), "incident_no_impact"),
        ("incident_timeline", events, ""),
        ("incident_cause", causes(events), "incident_no_cause"),
        ("incident_tried", [e for e in events if e.kind in _TRIED], "incident_no_done"),
    )
    lines = list(_facts(incident, now, language))
    for name, found, nothing in sections:
        lines += ("", f"## {say(name, language)}")
        lines += [md_line(event) for event in found] or [
            _linked(say(nothing, language), incident, language)
        ]
    lines += ("", f"## {say('incident_open_questions', language)}")
    lines += [_linked(say(f"incident_ask_{q}", language), incident, language) for q in _QUESTIONS]
    return _within(lines)


def title(incident: Incident, language: str) -> str:
    """The draft's title."""
    return say("incident_post_mortem", language, name=heading(incident, language))[:120]


def md_line(event: Event) -> str:
    """One line of the timeline with its source."""
    stamp = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
    text = _BRACKETS.sub("", event.text)
    return f"- [{stamp}]({event.url}) {text}" if event.url else f"- {stamp} {text}"


def _facts(incident: Incident, now: datetime, language: str) -> Iterator[str]:
    end = incident.ended_at or now
    values = {
        "start": f"{incident.started_at:%Y-%m-%d %H:%M} UTC",
        "end": f"{end:%Y-%m-%d %H:%M} UTC",
        "duration": duration(end - incident.started_at),
    }
    yield _linked(say("incident_span", language, **values), incident, language)
    if incident.severity is not None:
        text = say("incident_severity", language, value=incident.severity)
        yield _linked(text, incident, language)
    if incident.commander:
        text = say("incident_commander", language, value=incident.commander)
        yield _linked(text, incident, language)


def _linked(text: str, incident: Incident, language: str) -> str:
    """A line whose source is the incident itself."""
    label = say("incident_name", language, number=incident.incident_id)
    return f"- [{label}]({incident.url}) {text}" if incident.url else f"- {label}: {text}"


def _within(lines: Sequence[str]) -> str:
    """The lines that fit; what does not is counted at the end."""
    kept: list[str] = []
    n_left = MAX_CHARS
    for line in lines:
        n_left -= len(line) + 1
        if n_left < 0:
            break
        kept.append(line)
    n_out = len(lines) - len(kept)
    return "\n".join((*kept, *((f"({n_out} lines do not fit here)",) if n_out else ())))

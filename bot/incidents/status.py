"""A status update from an incident's lines: since when, impact, known, done, next. Pure.

Nothing in it is reworded: people are quoted, and what was found is what the answers said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.messages import Heading, Note, Part, Prose, Reply, SourcedLines
from bot.phrases import say
from bot.store.incidents import Incident

from .timeline import Event, EventKind

MAX_ROWS = 8
_IMPACT = re.compile(
    r"\b(?:impact(?:ed)?|affect(?:s|ed|ing)?|customers?|users?|orders?|revenue|outage|unavailable|"
    r"betroffen|kunden|nutzer|ausfall|auswirkung\w*|clientes?|usuarios?|impacto|afecta\w*)\b|"
    r"影响|用户|客户|無法|无法|影響|ユーザー|顧客",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(?:because|caused? by|root cause|the cause|likely cause|due to|turned out|the reason|weil|wegen|"
    r"ursache|lag an|grund war|porque|causa|debido a)\b|因为|由于|原因|根因|のため|原因は",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"\b(?:next|will|going to|todo|to do|plan(?:ned)? to|als nächstes|werden|wird|nächster schritt|"
    r"próximo|vamos a|siguiente)\b|下一步|接下来|准备|将会|次に|予定",
    re.IGNORECASE,
)
_DONE = frozenset({EventKind.APPROVED, EventKind.DECIDED, EventKind.RAN})


def impact(events: Sequence[Event]) -> tuple[Event, ...]:
    """What people said about the impact; what they declared as such comes before what sounds so."""
    told = tuple(event for event in events if event.kind is EventKind.IMPACT)
    return told or tuple(event for event in _messages(events) if _IMPACT.search(event.text))


def causes(events: Sequence[Event]) -> tuple[Event, ...]:
    """Lines that say why, of people and of answers."""
    kinds = {EventKind.MESSAGE, EventKind.FINDING}
    return tuple(e for e in events if e.kind in kinds and _CAUSE.search(e.text))


def known(events: Sequence[Event]) -> tuple[Event, ...]:
    """What was found, and what people marked that is neither impact nor plan."""
    taken = {*impact(events), *_planned(events)}
    kinds = {EventKind.FINDING, EventKind.MESSAGE}
    return tuple(event for event in events if event.kind in kinds and event not in taken)


def done(events: Sequence[Event]) -> tuple[Event, ...]:
    """What was approved, decided and run."""
    return tuple(event for event in events if event.kind in _DONE)


def planned(events: Sequence[Event]) -> tuple[Event, ...]:
    """Proposals that wait, then what people said they will do."""
    waiting = tuple(event for event in events if event.is_open)
    return (*waiting, *_planned(events))


def status_reply(
    incident: Incident, events: Sequence[Event], now: datetime, language: str, sentence: str = ""
) -> Reply:
    """The status update.

    Args:
        now: Aware UTC.
        sentence: One checked sentence of the model; empty without one.
    """
    standing = standing_line(incident, now, language)
    parts: list[Part] = [Heading(text=heading(incident, language)), Prose(text=standing)]
    if sentence:
        parts.append(Prose(text=sentence, from_model=True))
    sections = {"impact": impact, "known": known, "done": done, "next": planned}
    for name, pick in sections.items():
        parts.extend(_section(name, pick(events), language))
    parts.append(Note(text=say("incident_note", language, n_lines=len(events))))
    return Reply(parts=tuple(parts), summary=f"{heading(incident, language)}: {standing}")


def heading(incident: Incident, language: str) -> str:
    """The incident's number and title."""
    name = say("incident_name", language, number=incident.incident_id)
    return f"{name}: {incident.title}" if incident.title else name


def standing_line(incident: Incident, now: datetime, language: str) -> str:
    """Since when, how bad, who leads."""
    end = incident.ended_at or now
    key = "incident_open_since" if incident.ended_at is None else "incident_lasted"
    since = f"{incident.started_at:%Y-%m-%d %H:%M} UTC"
    pieces = [say(key, language, since=since, duration=duration(end - incident.started_at))]
    if incident.severity is not None:
        pieces.append(say("incident_severity", language, value=incident.severity))
    if incident.commander:
        pieces.append(say("incident_commander", language, value=incident.commander))
    return " · ".join(pieces)


def duration(length: timedelta) -> str:
    """A stretch of time in hours and minutes."""
    n_minutes = max(0, int(length.total_seconds() // 60))
    hours, minutes = divmod(n_minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _section(name: str, events: Sequence[Event], language: str) -> Iterator[Part]:
    title = say(f"incident_{name}", language)
    if not events:
        yield Prose(text=f"*{title}*\n{say(f'incident_no_{name}', language)}")
        return
    yield SourcedLines(title=title, rows=tuple(event.line for event in events[-MAX_ROWS:]))
    if len(events) > MAX_ROWS:
        yield Note(text=say("incident_earlier", language, n_lines=len(events) - MAX_ROWS))


def _messages(events: Sequence[Event]) -> tuple[Event, ...]:
    return tuple(event for event in events if event.kind is EventKind.MESSAGE)


def _planned(events: Sequence[Event]) -> tuple[Event, ...]:
    impacted = set(impact(events))
    return tuple(
        event for event in _messages(events) if _NEXT.search(event.text) and event not in impacted
    )

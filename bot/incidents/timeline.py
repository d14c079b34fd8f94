"""What happened in an incident, one line each: what people marked, what was found, proposed and run.

Stored lines are merged with the proposals of the channel as they are at this moment, so a timeline
is true after a restart and never says of a run what its card does not say. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.addressed import speaks_to_machines
from bot.messages import SourcedLine
from bot.phrases import say
from bot.skills.generation import as_data
from bot.store.incidents import Entry, EntryKind, Incident
from runbooks.actions.output import safe_text
from runbooks.case import Case
from runbooks.lifecycle import ProposalState

MAX_LINE_CHARS = 400
_ENDED = {
    ProposalState.REJECTED,
    ProposalState.EXPIRED,
    ProposalState.SUCCEEDED,
    ProposalState.FAILED,
    ProposalState.UNKNOWN,
}
_RAN = {ProposalState.SUCCEEDED, ProposalState.FAILED, ProposalState.UNKNOWN}


class EventKind(StrEnum):
    """What a line of the timeline is."""

    STARTED = "started"
    ENDED = "ended"
    MESSAGE = "message"
    IMPACT = "impact"
    FINDING = "finding"
    ROLE = "role"
    PROPOSED = "proposed"
    APPROVED = "approved"
    DECIDED = "decided"
    RAN = "ran"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line.

    Attributes:
        at: Aware UTC.
        text: On one line, without secrets.
        url: Address of its source; empty where there is none.
        is_open: It is a proposal that still waits.
    """

    kind: EventKind
    at: datetime
    text: str
    url: str = ""
    is_open: bool = False

    @property
    def line(self) -> SourcedLine:
        """The line as answers show it."""
        return SourcedLine(text=self.text, url=self.url, at=self.at)


_OF_ENTRY = {
    EntryKind.MESSAGE: EventKind.MESSAGE,
    EntryKind.IMPACT: EventKind.IMPACT,
    EntryKind.FINDING: EventKind.FINDING,
    EntryKind.SEVERITY: EventKind.ROLE,
    EntryKind.COMMANDER: EventKind.ROLE,
}


def timeline(
    incident: Incident,
    entries: Sequence[Entry],
    cases: Sequence[Case],
    links: Mapping[int, str],
    language: str,
) -> tuple[Event, ...]:
    """Every line of an incident, in order of time.

    Args:
        cases: The proposals that belong to it; see `belongs`.
        links: Addresses of their cards, by number.
        language: Of the words around names and quotations.
    """
    told = [entry for entry in entries if entry.kind is not EntryKind.ENDED]
    events = [_started(incident, language), *(_of_entry(entry, language) for entry in told)]
    for case in cases:
        events.extend(_of_case(case, links.get(case.proposal.proposal_id, ""), language))
    if incident.ended_at is not None:
        urls = [entry.url for entry in entries if entry.kind is EntryKind.ENDED]
        events.append(_ended(incident, language, next(iter(urls), incident.url)))
    return tuple(sorted(events, key=lambda event: event.at))


def belongs(case: Case, incident: Incident) -> bool:
    """Whether a proposal is the incident's: of its thread, or made in its channel while it was open."""
    plan = case.proposal.plan
    if plan.where.channel_id != incident.thread.channel_id:
        return False
    if plan.where.thread_ts == incident.thread.thread_ts:
        return True
    until = incident.ended_at
    return incident.started_at <= plan.created_at and (until is None or plan.created_at < until)


def clean(text: str, limit: int = MAX_LINE_CHARS) -> str:
    """A text as a timeline holds it: one line, without secrets and without orders to machines."""
    line = " ".join(safe_text(as_data(text)).split())
    if speaks_to_machines(line):
        return "[…]"
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _started(incident: Incident, language: str) -> Event:
    text = say("incident_line_started", language, name=incident.started_by)
    title = f": {incident.title}" if incident.title else ""
    return Event(
        kind=EventKind.STARTED, at=incident.started_at, text=f"{text}{title}", url=incident.url
    )


def _ended(incident: Incident, language: str, url: str) -> Event:
    return Event(
        kind=EventKind.ENDED,
        at=incident.ended_at or incident.started_at,
        text=say("incident_line_ended", language, name=incident.ended_by),
        url=url,
    )


def _of_entry(entry: Entry, language: str) -> Event:
    text = f"{entry.author}: {entry.text}"
    if entry.kind in {EntryKind.SEVERITY, EntryKind.COMMANDER}:
        name = f"incident_line_{entry.kind.value}"
        text = say(name, language, name=entry.author, value=entry.text)
    return Event(kind=_OF_ENTRY[entry.kind], at=entry.at, text=text, url=entry.url)


def _of_case(case: Case, url: str, language: str) -> Iterator[Event]:
    """A proposal, its approvals, and what became of it."""
    plan = case.proposal.plan
    what = {"number": case.proposal.proposal_id, "title": clean(plan.runbook.title, 120)}
    asked = say("incident_line_proposed", language, name=clean(plan.requester.name, 60), **what)
    is_open = case.state is ProposalState.PENDING
    yield Event(kind=EventKind.PROPOSED, at=plan.created_at, text=asked, url=url, is_open=is_open)
    for yes in case.approvals:
        text = say("incident_line_approved", language, name=clean(yes.actor.name, 60), **what)
        yield Event(kind=EventKind.APPROVED, at=yes.at, text=text, url=url)
    if case.state in _ENDED:
        by = clean(case.by.name, 60) if case.by is not None else "opsbot"
        text = say(f"incident_line_{case.state.value}", language, name=by, **what)
        reason = f" ({clean(case.reason, 200)})" if case.reason else ""
        kind = EventKind.RAN if case.state in _RAN else EventKind.DECIDED
        yield Event(kind=kind, at=case.changed_at, text=f"{text}{reason}", url=url)

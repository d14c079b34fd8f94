"""A channel has one open incident, whatever races; a message is on a timeline once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.messages import ThreadRef
from bot.store.engine import open_database
from bot.store.incidents import Entry, EntryKind, Incidents, NewIncident

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'bot.db'}")
    yield engine
    engine.dispose()


def new(channel_id: str = "C1", title: str = "tea") -> NewIncident:
    return NewIncident(
        thread=ThreadRef(channel_id, "1.0"),
        title=title,
        url="https://acme.slack.com/archives/C1/p1",
        started_by="Maya",
        started_at=NOW,
    )


def entry(ts: str = "2.0", kind: EntryKind = EntryKind.MESSAGE) -> Entry:
    return Entry(
        kind=kind, at=NOW, author="Jonas", text="leaks", url="", message_ts=ts, added_by="Maya"
    )


def test_of_many_starts_at_once_one_opens_the_incident(database: Engine) -> None:
    incidents = Incidents(database)
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(incidents.start, [new(title=str(n)) for n in range(8)]))
    assert sum(is_new for _, is_new in started) == 1
    assert len({incident.incident_id for incident, _ in started}) == 1
    assert incidents.start(new("C2"))[1]


def test_an_incident_ends_once_and_its_channel_is_free_again(database: Engine) -> None:
    incidents = Incidents(database)
    first, _ = incidents.start(new())
    ended = incidents.end(first.incident_id, "Jonas", NOW + timedelta(minutes=3))
    assert ended is not None
    assert (ended.ended_by, ended.ended_at) == ("Jonas", NOW + timedelta(minutes=3))
    assert incidents.end(first.incident_id, "Maya", NOW) is None
    assert incidents.open_in("C1") is None
    assert incidents.set_roles(first.incident_id, severity=1) is None
    second, is_new = incidents.start(new())
    assert is_new
    assert [one.incident_id for one in incidents.all()] == [second.incident_id, first.incident_id]


def test_a_message_is_on_a_timeline_once_and_keeps_what_it_says_now(database: Engine) -> None:
    incidents = Incidents(database)
    number = incidents.start(new())[0].incident_id
    assert incidents.add(number, entry())
    assert not incidents.add(number, entry())
    assert incidents.add(number, entry(kind=EntryKind.IMPACT))
    assert incidents.change_message(number, "2.0", "drips") == 1
    assert [one.text for one in incidents.entries(number)] == ["drips", "leaks"]


def test_roles_stay_where_nothing_else_is_said(database: Engine) -> None:
    incidents = Incidents(database)
    number = incidents.start(new())[0].incident_id
    incidents.set_roles(number, severity=2)
    changed = incidents.set_roles(number, commander="Maya")
    assert changed is not None
    assert (changed.severity, changed.commander) == (2, "Maya")
    assert incidents.find(number) == changed
    assert incidents.find(99) is None

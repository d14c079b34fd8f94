"""A finding on the timeline says what an answer found, and only what it can say away from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.conversation.facts import INVESTIGATED
from bot.incidents.desk import IncidentDesk
from bot.messages import Phase, Prose, Quote, Reply, ThreadRef
from bot.store.incidents import Entry, Incident, Incidents

THREAD = ThreadRef("C1", "1.0")
INCIDENT = Incident(
    incident_id=1,
    thread=THREAD,
    title="",
    severity=None,
    commander="",
    url="",
    started_by="Maya",
    started_at=datetime(2026, 11, 21, tzinfo=UTC),
    ended_by="",
    ended_at=None,
)


class Kept:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def open_in(self, channel_id: str) -> Incident | None:
        return INCIDENT if channel_id == THREAD.channel_id else None

    def add(self, incident_id: int, entry: Entry) -> bool:
        self.entries.append(entry)
        return True


async def nowhere(number: int) -> str:
    return ""


async def lines_of(reply: Reply, zone: str = "America/Los_Angeles") -> list[str]:
    kept = Kept()
    desk = IncidentDesk(cast("Incidents", kept), cast("Any", None), nowhere)
    await desk.answered(THREAD, reply, "2.0", zone)
    return [entry.text for entry in kept.entries]


def ended(summary: str, facts: Mapping[str, str], phase: Phase = Phase.DONE) -> Reply:
    return Reply(parts=(Prose(text=summary),), summary=summary, phase=phase, facts=facts)


async def test_an_investigation_is_a_finding_without_the_numbers_of_its_evidence() -> None:
    reply = ended("Likely cause: the disk is full [2] [13].", {INVESTIGATED: "checkout"})
    assert await lines_of(reply) == ["Likely cause: the disk is full."]


@pytest.mark.parametrize("facts", [{}, {"service": "checkout"}])
async def test_what_shows_no_evidence_is_none(facts: dict[str, str]) -> None:
    assert await lines_of(ended("Say what you need.", facts)) == []
    growing = ended("half of it", {INVESTIGATED: "checkout"}, Phase.WORKING)
    assert await lines_of(growing) == []


async def test_the_zone_is_said_of_the_answers_own_times_and_not_of_quoted_ones() -> None:
    quoted = ended("Cause: x. `2026-11-21T22:35:40Z full`", {INVESTIGATED: "checkout"})
    assert await lines_of(quoted) == ["Cause: x. `2026-11-21T22:35:40Z full`"]
    shown = Reply(
        parts=(Quote(text="full", source="a.log", line_number=1),), summary="9 lines since 14:35:40"
    )
    assert await lines_of(shown) == ["9 lines since 14:35:40 (times of America/Los_Angeles)"]

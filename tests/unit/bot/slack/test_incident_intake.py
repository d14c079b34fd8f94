"""Only what members asked comes onto an incident's timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from bot.messages import Actor, ActorKind, Quote, Reply, Request, ThreadRef
from bot.slack.incident_intake import IncidentIntake

if TYPE_CHECKING:
    from bot.incidents.desk import IncidentDesk
    from bot.slack.people import People


class Desk:
    def __init__(self) -> None:
        self.stamps: list[str] = []

    async def answered(self, thread: ThreadRef, reply: Reply, ts: str, zone: str = "UTC") -> None:
        self.stamps.append(ts)


@pytest.mark.parametrize(
    ("kind", "stamps"),
    [(ActorKind.MEMBER, ["2.0"]), (ActorKind.GUEST, []), (ActorKind.EXTERNAL, [])],
)
async def test_only_answers_to_members_are_findings(kind: ActorKind, stamps: list[str]) -> None:
    desk = Desk()
    intake = IncidentIntake(people=cast("People", None), desk=cast("IncidentDesk", desk))
    request = Request(
        request_id="C1-1.0",
        text="what is wrong here?",
        actor=Actor(user_id="U1", team_id="T1", name="Rob", kind=kind),
        thread=ThreadRef("C1", "1.0"),
        received_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    shown = Quote(text="ERROR full", source="pasted", line_number=1)
    await intake.answered(request, Reply(parts=(shown,), summary="full"), "2.0")
    assert desk.stamps == stamps

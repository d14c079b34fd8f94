"""A card that Slack does not take stops nothing and is shown later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.runs import CaseView
from bot.slack.blocks import Block
from bot.slack.outlets import CardBoard
from bot.slack.posting import EditPacer
from bot.slack.web import SlackCallError, SlackWeb
from bot.store.message_refs import MessageRefs
from runbooks.case import Case
from runbooks.lifecycle import ProposalState
from runbooks.proposal import ActorRef, Place, Plan, Proposal, RunbookRef
from runbooks.schema import Risk

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
PLAN = Plan(
    runbook=RunbookRef(name="demo", title="Demo", version=1, digest="0" * 64),
    parameters={},
    steps=(),
    environment="test",
    target="local",
    run_as="a@b",
    environment_names=(),
    executables={},
    why="",
    evidence=(),
    previews=(),
    requester=ActorRef(team_id="T1", user_id="U1", name="Ada"),
    where=Place(channel_id="C1", thread_ts="1.0"),
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    risk=Risk.LOW,
    n_approvals=1,
)


def view(state: ProposalState = ProposalState.PENDING) -> CaseView:
    case = Case(
        proposal=Proposal(proposal_id=7, plan=PLAN, sha256="0" * 64),
        state=state,
        reason="",
        changed_at=NOW,
        by=None,
        approvals=(),
        steps=(),
    )
    return CaseView(case=case)


@dataclass
class Web:
    is_away: bool = True
    shown: list[str] = field(default_factory=list[str])

    async def post(self, _channel: str, _ts: str, text: str, _blocks: Sequence[Block]) -> str:
        return self._take(text)

    async def update(self, _channel: str, _ts: str, text: str, _blocks: Sequence[Block]) -> None:
        self._take(text)

    def _take(self, text: str) -> str:
        if self.is_away:
            raise SlackCallError("chat.postMessage", "unreachable")
        self.shown.append(text)
        return "2.0"


class Refs:
    def find(self, *_: object) -> None:
        return None

    def save(self, *_: object) -> None:
        return None


async def test_a_card_that_was_not_taken_is_behind_until_it_is() -> None:
    web = Web()
    board = CardBoard(cast("SlackWeb", web), EditPacer(0), cast("MessageRefs", Refs()))
    await board.show(view())
    assert board.behind() == (7,)
    web.is_away = False
    await board.show(view())
    assert board.behind() == ()
    web.is_away = True
    await board.show(view(ProposalState.SUCCEEDED))
    assert board.behind() == (7,)
    web.is_away = False
    await board.show(view(ProposalState.SUCCEEDED))
    assert board.behind() == ()
    assert web.shown == [
        "Proposal #7 · Demo: waiting for approval",
        "Proposal #7 · Demo: succeeded",
    ]

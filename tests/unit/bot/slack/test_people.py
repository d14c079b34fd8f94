"""What Slack says about an account, and who is in a user group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.slack.people import People
from bot.slack.web import SlackCallError, SlackWeb
from runbooks.errors import DirectoryError
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef


@dataclass
class Web:
    users: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    n_asked: int = 0

    async def user(self, user_id: str) -> Mapping[str, Any]:
        if user_id not in self.users:
            raise SlackCallError("users.info", "user_not_found")
        return {"id": user_id, **self.users[user_id]}

    async def group_members(self, group_id: str) -> tuple[str, ...]:
        self.n_asked += 1
        if group_id not in self.groups:
            raise SlackCallError("usergroups.users.list", "missing_scope")
        return self.groups[group_id]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def people(web: Web, clock: Clock | None = None) -> People:
    return People(cast("SlackWeb", web), "T1", now=clock or Clock())


def account(team_id: str = "T1") -> ActorRef:
    return ActorRef(team_id=team_id, user_id="U1", name="x")


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ({"team_id": "T1"}, AccountKind.MEMBER),
        ({"team_id": "T1", "is_bot": True}, AccountKind.BOT),
        ({"team_id": "T1", "is_restricted": True}, AccountKind.GUEST),
        ({"team_id": "T1", "is_ultra_restricted": True}, AccountKind.GUEST),
        ({"team_id": "T1", "is_stranger": True}, AccountKind.EXTERNAL),
        ({"team_id": "T2"}, AccountKind.EXTERNAL),
        ({}, AccountKind.EXTERNAL),
    ],
)
async def test_an_account_is_what_slack_says_now(
    user: Mapping[str, Any], kind: AccountKind
) -> None:
    assert await people(Web({"U1": user})).kind_of(account()) is kind


async def test_an_account_that_is_gone_or_of_another_workspace_decides_nothing() -> None:
    with pytest.raises(DirectoryError, match="deactivated"):
        await people(Web({"U1": {"team_id": "T1", "deleted": True}})).kind_of(account())
    with pytest.raises(DirectoryError, match="could not be asked"):
        await people(Web()).kind_of(account())
    assert await people(Web()).kind_of(account("T2")) is AccountKind.EXTERNAL


async def test_the_members_of_a_group_are_remembered_for_a_minute() -> None:
    web, clock = Web(groups={"S1": ("U1", "U2")}), Clock()
    known = people(web, clock)
    for _ in range(3):
        assert await known.members_of("T1", "S1") == {"U1", "U2"}
    assert web.n_asked == 1
    web.groups["S1"] = ("U2",)
    clock.now = 60.0
    assert await known.members_of("T1", "S1") == {"U2"}


async def test_a_group_that_cannot_be_looked_up_is_an_error_and_nothing_old_is_used() -> None:
    web, clock = Web(groups={"S1": ("U1",)}), Clock()
    known = people(web, clock)
    await known.members_of("T1", "S1")
    web.groups, clock.now = {}, 60.0
    with pytest.raises(DirectoryError, match=r"S1 could not be looked up \(missing_scope\)"):
        await known.members_of("T1", "S1")
    with pytest.raises(DirectoryError, match="another workspace"):
        await known.members_of("T2", "S1")

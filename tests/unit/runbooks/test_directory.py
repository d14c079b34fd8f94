"""People of the terminal and of Slack, who may approve one proposal together."""

from __future__ import annotations

import pytest

from runbooks.directory import LOCAL_TEAM, WithTerminal
from runbooks.errors import DirectoryError
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef


class Workspace:
    """As Slack's directory: who is of another team is external."""

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        if actor.user_id == "gone":
            raise DirectoryError("gone")
        return AccountKind.MEMBER if actor.team_id == "T1" else AccountKind.EXTERNAL

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        return frozenset({f"{team_id}-{group_id}"})


@pytest.mark.parametrize(
    ("team_id", "kind"),
    [
        (LOCAL_TEAM, AccountKind.MEMBER),
        ("T1", AccountKind.MEMBER),
        ("T2", AccountKind.EXTERNAL),
        ("", AccountKind.EXTERNAL),
    ],
)
async def test_each_account_is_looked_up_where_it_is_kept(team_id: str, kind: AccountKind) -> None:
    directory = WithTerminal(Workspace())
    assert await directory.kind_of(ActorRef(team_id=team_id, user_id="ada", name="ada")) is kind


async def test_a_fault_and_the_groups_are_the_other_directorys() -> None:
    directory = WithTerminal(Workspace())
    with pytest.raises(DirectoryError):
        await directory.kind_of(ActorRef(team_id="T1", user_id="gone", name="x"))
    assert await directory.members_of("T1", "S1") == {"T1-S1"}

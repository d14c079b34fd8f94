"""Who clicked, as Slack knows them at this moment; what every decision about a proposal rests on."""

from __future__ import annotations

from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef

from ..messages import Actor
from .people import People


async def clicker(people: People, user_id: str, team_id: str) -> tuple[ActorRef, AccountKind]:
    """Look up who clicked.

    Args:
        team_id: The workspace the click came from; empty when Slack did not say.

    Raises:
        DirectoryError: Slack does not know them, or did not answer: nothing may be decided.
    """
    actor = await people.look_up(user_id)
    ref = ActorRef(team_id=team_id or actor.team_id, user_id=user_id, name=actor.name)
    return ref, account_kind(actor, team_id)


def account_kind(actor: Actor, team_id: str) -> AccountKind:
    """An account that clicks from another workspace than it lives in is external."""
    if team_id and actor.team_id and team_id != actor.team_id:
        return AccountKind.EXTERNAL
    return AccountKind(actor.kind.value)

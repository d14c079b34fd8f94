"""Who somebody is, as Slack says; never as a message claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from runbooks.errors import DirectoryError
from runbooks.policy import AccountKind
from runbooks.proposal import ActorRef

from ..messages import Actor, ActorKind
from .web import SlackCallError, SlackWeb

_FRESH_S = 300.0
_GROUP_FRESH_S = 60.0


class People:
    """Looks people up with `users.info`; remembers names and zones for five minutes.

    Members of user groups are remembered for one minute.
    """

    def __init__(
        self,
        web: SlackWeb,
        team_id: str,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look up people of the workspace `team_id`."""
        self._web = web
        self._team_id = team_id
        self._now = now
        self._known: dict[str, tuple[float, Actor]] = {}
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}

    async def actor(self, user_id: str) -> Actor:
        """The person behind a message.

        Raises:
            DirectoryError: Slack does not know them, or did not answer.
        """
        found = self._known.get(user_id)
        if found is not None and self._now() - found[0] < _FRESH_S:
            return found[1]
        return await self.look_up(user_id)

    async def look_up(self, user_id: str) -> Actor:
        """Ask Slack now, whatever is remembered; what decisions rest on.

        Raises:
            DirectoryError: Slack does not know them, or did not answer.
        """
        try:
            user = await self._web.user(user_id)
        except SlackCallError as exc:
            self._known.pop(user_id, None)
            raise DirectoryError(f"Slack could not be asked who {user_id} is") from exc
        actor = read_actor(user, self._team_id)
        self._known[user_id] = (self._now(), actor)
        return actor

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        """What sort of account this is now; see `runbooks.directory.Directory`."""
        if actor.team_id != self._team_id:
            return AccountKind.EXTERNAL
        return AccountKind((await self.look_up(actor.user_id)).kind.value)

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        """Who is in a user group; see `runbooks.directory.GroupDirectory`."""
        if team_id != self._team_id:
            raise DirectoryError(f"user group {group_id} is of another workspace ({team_id})")
        found = self._groups.get(group_id)
        if found is not None and self._now() - found[0] < _GROUP_FRESH_S:
            return found[1]
        try:
            members = frozenset(await self._web.group_members(group_id))
        except SlackCallError as exc:
            self._groups.pop(group_id, None)
            raise DirectoryError(
                f"user group {group_id} could not be looked up ({exc.error})"
            ) from exc
        self._groups[group_id] = (self._now(), members)
        return members


# `users.info` is JSON whose shape Slack defines; it is parsed here and goes no further.
def read_actor(user: Mapping[str, Any], team_id: str) -> Actor:
    """Parse one user of `users.info`.

    Raises:
        DirectoryError: The account was deactivated.
    """
    user_id = str(user["id"])
    if user.get("deleted"):
        raise DirectoryError(f"{user_id} is a deactivated account")
    profile: Mapping[str, Any] = user.get("profile") or {}
    name = user.get("real_name") or profile.get("display_name") or user.get("name") or user_id
    return Actor(
        user_id=user_id,
        team_id=str(user.get("team_id") or ""),
        name=str(name),
        timezone=str(user.get("tz") or "UTC"),
        kind=_kind(user, team_id),
    )


def _kind(user: Mapping[str, Any], team_id: str) -> ActorKind:
    if user.get("is_bot"):
        return ActorKind.BOT
    if user.get("is_stranger") or user.get("team_id") != team_id:
        return ActorKind.EXTERNAL
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return ActorKind.GUEST
    return ActorKind.MEMBER

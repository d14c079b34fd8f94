"""Who may read which documents: Slack's people and channels as readers of the knowledge base.

Fails closed: who or what is not named in the settings has no groups, and reads only what everybody
may read.
"""

from __future__ import annotations

from typing import Protocol

import structlog

from knowledge import ANYBODY, OWNER, Reader
from runbooks.directory import LOCAL_TEAM, GroupDirectory
from runbooks.errors import DirectoryError

from .access_settings import AccessSettings
from .messages import ActorKind, Request, Turn
from .provenance import Documents, readable

_USER_GROUP = "S"
_DIRECT = "D"


class Channels(Protocol):
    """Knows what sort of channel a channel is."""

    async def is_public(self, channel_id: str) -> bool:
        """Whether every member of the workspace, and nobody else, can read it; False if unknown."""
        ...


class Access:
    """Turns who asks, and where, into a `Reader`.

    Args:
        settings: Access groups by user and by channel.
        directory: Looks up Slack's user groups.
        team_id: The workspace whose members may have groups.
        documents: Where documents are looked up.
    """

    def __init__(
        self,
        settings: AccessSettings,
        directory: GroupDirectory,
        team_id: str,
        documents: Documents,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._team_id = team_id
        self._documents = documents

    async def reader(self, request: Request) -> Reader:
        """Who will read the answer to a request.

        In a channel that is the person and everybody in the channel; in a direct message only the
        person; at the terminal the operator. Guests, bots and strangers have no groups.
        """
        actor, channel_id = request.actor, request.thread.channel_id
        if actor.team_id == LOCAL_TEAM and not channel_id:
            return OWNER
        if actor.kind is not ActorKind.MEMBER or actor.team_id != self._team_id or not channel_id:
            return ANYBODY
        here = private_group(channel_id)
        groups = await self._groups_of(actor.user_id) | {here}
        if request.is_direct and channel_id.startswith(_DIRECT):
            return Reader(groups=groups, channel_groups=None)
        return Reader(groups=groups, channel_groups=self.groups_of_channel(channel_id) | {here})

    async def readable(self, history: tuple[Turn, ...], reader: Reader) -> tuple[Turn, ...]:
        """A thread's turns, without what this reader may not have; see `provenance`."""
        return await readable(history, self._documents, reader)

    def groups_of_channel(self, channel_id: str) -> frozenset[str]:
        """The access groups that a channel is cleared for."""
        return frozenset(
            group for group, ids in self._settings.channels.items() if channel_id in ids
        )

    async def audience(self, channel_id: str, channels: Channels | None) -> frozenset[str]:
        """Who may read what was said in a channel, as a document's groups; empty: everybody.

        A channel with one group gives its group. A public one without any is open. Of every other
        channel, and when Slack does not say what it is, only that channel itself may read it.
        """
        named = self.groups_of_channel(channel_id)
        if len(named) == 1:
            return named
        if not named and channels is not None and await channels.is_public(channel_id):
            return frozenset()
        return frozenset({private_group(channel_id)})

    async def _groups_of(self, user_id: str) -> frozenset[str]:
        found: set[str] = set()
        for group, ids in self._settings.users.items():
            if user_id in ids or await self._is_in_any(user_id, ids):
                found.add(group)
        return frozenset(found)

    async def _is_in_any(self, user_id: str, ids: tuple[str, ...]) -> bool:
        """Whether somebody is in one of Slack's user groups; one that cannot be asked: not."""
        for group_id in ids:
            if not group_id.startswith(_USER_GROUP):
                continue
            try:
                members = await self._directory.members_of(self._team_id, group_id)
            except DirectoryError as exc:
                structlog.get_logger().warning("access_group_not_looked_up", reason=str(exc))
                continue
            if user_id in members:
                return True
        return False


def private_group(channel_id: str) -> str:
    """The access group of whoever asks in this channel; no setting can name it."""
    return f"channel:{channel_id}"

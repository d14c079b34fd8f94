"""The seam to whoever knows what sort of account somebody has now."""

from __future__ import annotations

from typing import Protocol

from .errors import DirectoryError
from .policy import AccountKind
from .proposal import ActorRef

LOCAL_TEAM = "local"


class Directory(Protocol):
    """Looks accounts up where they are kept; asked again at every launch."""

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        """Look up what sort of account this is at this moment.

        Raises:
            DirectoryError: It cannot be looked up, or is gone; the caller fails closed.
        """
        ...


class GroupDirectory(Protocol):
    """Looks up who is in a user group."""

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        """User ids of a group's members, at most some minutes old.

        Raises:
            DirectoryError: They cannot be looked up; the caller takes nobody to be in it.
        """
        ...


class Accounts(Directory, GroupDirectory, Protocol):
    """Looks up accounts and user groups."""


class LocalDirectory:
    """People at this machine's terminal: whoever the operating system let in."""

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        """See `Directory.kind_of`; knows only the team "local"."""
        if actor.team_id != LOCAL_TEAM:
            raise DirectoryError(f"{actor.name} is no account of this machine")
        return AccountKind.MEMBER

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        """See `GroupDirectory.members_of`; a terminal knows no groups."""
        raise DirectoryError(f"user group {team_id}:{group_id} cannot be looked up from a terminal")


class WithTerminal:
    """Another directory, and this machine's people beside it: both may approve one proposal."""

    def __init__(self, others: Accounts) -> None:
        self._others = others
        self._here = LocalDirectory()

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        """See `Directory.kind_of`."""
        place = self._here if actor.team_id == LOCAL_TEAM else self._others
        return await place.kind_of(actor)

    async def members_of(self, team_id: str, group_id: str) -> frozenset[str]:
        """See `GroupDirectory.members_of`."""
        return await self._others.members_of(team_id, group_id)

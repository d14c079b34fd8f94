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


class LocalDirectory:
    """People at this machine's terminal: whoever the operating system let in."""

    async def kind_of(self, actor: ActorRef) -> AccountKind:
        """See `Directory.kind_of`; knows only the team "local"."""
        if actor.team_id != LOCAL_TEAM:
            raise DirectoryError(f"{actor.name} is no account of this machine")
        return AccountKind.MEMBER

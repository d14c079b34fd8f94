"""Who sits at this terminal, as the operating system knows it; never as a variable claims."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.proposal import ActorRef


def local_user() -> ActorRef:
    """The user who started this process, looked up by its real user id."""
    from runbooks.directory import LOCAL_TEAM
    from runbooks.proposal import ActorRef

    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return ActorRef(team_id=LOCAL_TEAM, user_id=name, name=name)

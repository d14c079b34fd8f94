"""KV states that survive a restart: what is saved, how it is found, why it can be believed."""

from __future__ import annotations

from .catalogue import StateRef
from .container import StateKind
from .errors import BadStateFileError, PersistenceError, UnsafeFolderError
from .keeper import StateKeeper, keeper_opener
from .policy import Candidate, Plan, WhatToSave
from .state_files import LoadedState, StateCounts, StateFiles

__all__ = [
    "BadStateFileError",
    "Candidate",
    "LoadedState",
    "PersistenceError",
    "Plan",
    "StateCounts",
    "StateFiles",
    "StateKeeper",
    "StateKind",
    "StateRef",
    "UnsafeFolderError",
    "WhatToSave",
    "keeper_opener",
]

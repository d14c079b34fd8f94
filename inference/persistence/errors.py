"""What can go wrong with saved states; none of it ever stops the engine.

PersistenceError
├── BadStateFileError      a file is not what it claims to be
└── UnsafeFolderError      others could write into the folder
"""

from __future__ import annotations

from pathlib import Path

from ..errors import InferenceError


class PersistenceError(InferenceError):
    """Base of this package's errors."""


class BadStateFileError(PersistenceError):
    """A state file failed a check and must not be used."""


class UnsafeFolderError(PersistenceError):
    """The folder cannot be trusted: a state that somebody else wrote would reach native code.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"saved states are not used: {folder} {reason}")
        self.folder = folder

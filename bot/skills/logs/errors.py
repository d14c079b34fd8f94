"""What can go wrong with logs.

LogsError
└── NoSuchLogError    a file that was asked for is not there or cannot be opened
"""

from __future__ import annotations

from pathlib import Path


class LogsError(Exception):
    """Base of this package's errors; the message is one sentence for people."""


class NoSuchLogError(LogsError):
    """A file that was named is not there or cannot be opened."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}")
        self.path = path

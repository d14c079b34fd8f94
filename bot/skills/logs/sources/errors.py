"""What can go wrong with a source of logs.

LogSourceError
├── WrongSourceError        a source is written in a way that means nothing
└── SourceFailedError       a program or a server did not give what was asked for
    ├── RefusedError        a server answered that it will not
    └── OutOfTimeError      the time for reading was up
"""

from __future__ import annotations


class LogSourceError(Exception):
    """Anything below; the message is one sentence without a full stop."""


class WrongSourceError(LogSourceError):
    """A source is written in a way that means nothing."""


class SourceFailedError(LogSourceError):
    """A program or a server did not give what was asked for."""


class RefusedError(SourceFailedError):
    """A server answered that it will not.

    Attributes:
        status: The HTTP status, 400 or more.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the server answered {status}: {reason}" if reason else f"{status}")
        self.status = status


class OutOfTimeError(SourceFailedError):
    """The time that reading may take was up before everything was read."""

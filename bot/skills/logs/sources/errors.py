"""What can go wrong with a source of logs.

LogSourceError
├── WrongSourceError        a source is written in a way that means nothing
└── SourceFailedError       a program or a server did not give what was asked for
"""

from __future__ import annotations


class LogSourceError(Exception):
    """Anything below; the message is one sentence without a full stop."""


class WrongSourceError(LogSourceError):
    """A source is written in a way that means nothing."""


class SourceFailedError(LogSourceError):
    """A program or a server did not give what was asked for."""

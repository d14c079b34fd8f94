"""Which lines belong together: the lines of a stack trace belong to the record before them."""

from __future__ import annotations

from .miner import LineKind


def continues_timed(kind: LineKind) -> bool:
    """Whether a line without a time continues the record before it, where lines have times."""
    return kind is LineKind.FRAME or kind is LineKind.INDENTED


class Joiner:
    """Decides line by line whether a line continues the record before it.

    A line with a time of its own always begins a record. What an exception line names is counted
    as a message of its own, because it says more than the line above it.

    Args:
        stamped: Whether the stream's lines have times.
    """

    def __init__(self, *, stamped: bool) -> None:
        self.stamped = stamped
        self._in_trace = False

    def continues(self, kind: LineKind, *, has_time: bool) -> bool:
        """Whether the next line of the stream continues the record before it."""
        if has_time:
            self._in_trace = False
            return False
        if kind is LineKind.FRAME:
            self._in_trace = True
            return True
        if kind is LineKind.EXCEPTION:
            self._in_trace = True
            return False
        if kind is LineKind.INDENTED and (self.stamped or self._in_trace):
            return True
        self._in_trace = False
        return False

"""Who may read what, decided before anything found leaves this package.

A document names access groups, or none when everybody may read it. An answer is read by the person
who asked and by everybody in the channel it is posted to, so both must be cleared.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who will read what a search finds.

    Attributes:
        groups: Access groups of the person who asks.
        channel_groups: Access groups the channel is cleared for; None where nobody else reads.
        is_owner: The operator at a terminal, who can read the files themselves.
    """

    groups: frozenset[str] = frozenset()
    channel_groups: frozenset[str] | None = frozenset()
    is_owner: bool = False

    def may_read(self, groups: frozenset[str]) -> bool:
        """Whether a document of these access groups may be shown; none of them: to everybody."""
        if self.is_owner or not groups:
            return True
        if not groups & self.groups:
            return False
        return self.channel_groups is None or bool(groups & self.channel_groups)


ANYBODY = Reader()
"""A reader nothing is known about: only what everybody may read."""

OWNER = Reader(channel_groups=None, is_owner=True)
"""The operator at a terminal."""

"""Which of many similar courses of events went differently: requests, jobs, blocks. Pure, untrained.

Most go well and look alike, so one is unusual when it wrote what hardly any other wrote, or did not
write what nearly all others wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_RARE_SHARE = 0.02
_MIN_SESSIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Why a course of events is unusual.

    Attributes:
        rare: Messages that hardly any other has.
        lacking: Messages that nearly all others have.
    """

    rare: frozenset[str]
    lacking: frozenset[str]


def unusual(sessions: Mapping[str, AbstractSet[str]]) -> dict[str, Oddity]:
    """Find the courses of events that went differently.

    Args:
        sessions: By its identifier, the ids of the messages that a course of events wrote.

    Returns:
        The unusual ones; none when there are too few to tell what is usual.
    """
    n_sessions = len(sessions)
    if n_sessions < _MIN_SESSIONS:
        return {}
    counts = Counter(message for messages in sessions.values() for message in messages)
    limit = _RARE_SHARE * n_sessions
    rare = {message for message, n in counts.items() if n <= limit}
    expected = {message for message, n in counts.items() if n >= n_sessions - limit}
    return {
        name: Oddity(rare=frozenset(messages & rare), lacking=frozenset(expected - messages))
        for name, messages in sessions.items()
        if messages & rare or expected - messages
    }

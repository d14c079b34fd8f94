"""What Loki counted of lines that nobody read, by its patterns endpoint.

The counts are about right: Loki keeps them per interval and only for some hours.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

from pydantic import BaseModel

from .connection import Connection
from .entry import nanoseconds_of
from .errors import SourceFailedError
from .server import Unread, answer_of

_PATH = "loki/api/v1/patterns"
_MATCHERS = re.compile(r'\s*\{(?:[^"`{}]|"(?:[^"\\]|\\.)*"|`[^`]*`)*\}')
_MAX_INTERVALS = 100
_LEAST_INTERVAL_S = 10


class _Pattern(BaseModel):
    pattern: str
    samples: list[tuple[float, int]]


class _Answer(BaseModel):
    data: list[_Pattern]


def counted_patterns(
    connection: Connection, selector: str, start: datetime, end: datetime
) -> Unread | None:
    """The patterns of a stretch of time.

    Args:
        selector: Only its label matchers count; the endpoint knows no filters.
        start, end: Aware.

    Returns:
        None when this server has no such endpoint, or counted nothing.
    """
    matchers = _MATCHERS.match(selector)
    if matchers is None or start >= end:
        return None
    interval_s = max(_LEAST_INTERVAL_S, int((end - start).total_seconds()) // _MAX_INTERVALS)
    params = {
        "query": matchers.group().strip(),
        "start": str(nanoseconds_of(start)),
        "end": str(nanoseconds_of(end)),
        "step": f"{interval_s}s",
    }
    try:
        found = connection.ask("GET", _PATH, params=params, is_last=True)
        answer = answer_of(_Answer, found, "Loki")
    except SourceFailedError:
        return None
    counts: Counter[str] = Counter()
    for each in answer.data:
        counts[each.pattern] += sum(n for at, n in each.samples if at >= start.timestamp())
    counts = +counts
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Unread(n_lines=counts.total(), patterns=tuple(ranked)) if ranked else None

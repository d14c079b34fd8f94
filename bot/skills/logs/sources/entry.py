"""Log lines whose time is known beside their text: from journals, containers and log servers."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ..blocks import Intake, clean
from ..severity import stated
from ..stamps import Stamps, detect
from .stream import Chunk

_MAX_ENTRIES = 4096
_MAX_BYTES = 1 << 20
# The lines of a stack trace; a time of their own would make each a record of its own.
_CONTINUES = re.compile(rb"[ \t]|Traceback \(most recent|Caused by: |goroutine \d+ \[|\}?$")
_HEAD_BYTES = 200
_STAMPED = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: (.*))?"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One log entry.

    Attributes:
        source: Where it was written, for people: a container, a unit.
        text: One line or several, without the last newline.
    """

    source: str
    text: bytes


def stamp_of(nanoseconds: int) -> bytes:
    """A time as lines carry it, with microseconds: `2026-11-21T08:00:00.000000Z`.

    Args:
        nanoseconds: Since the epoch.
    """
    at = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000 // 1000:06d}Z".encode()


def rfc3339(at: datetime) -> str:
    """An aware time in UTC, with microseconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def is_stamp(text: bytes) -> bool:
    """Whether a text is a time in the notation that lines carry, with its zone."""
    found = _STAMPED.fullmatch(text)
    return found is not None and found.group(2) is None


def stamped_entry(source: str, line: bytes) -> Entry | None:
    """The entry of a line that begins with its time; None when it does not."""
    found = _STAMPED.fullmatch(line)
    if found is None:
        return None
    return Entry(source, stamped(found.group(1), found.group(2) or b""))


def nanoseconds_of(at: datetime) -> int:
    """An aware time as nanoseconds since the epoch, exact to the microsecond."""
    seconds = int(at.replace(microsecond=0).timestamp())
    return seconds * 1_000_000_000 + at.microsecond * 1000


def stamped(stamp: bytes, message: bytes, level: bytes = b"") -> bytes:
    """A line with its time, and with its level when the message states none.

    A JSON object gets them as its first fields, so that it stays one.
    """
    if _CONTINUES.match(message):
        return message
    if level and stated(message[:_HEAD_BYTES].decode("utf-8", "replace")) is not None:
        level = b""
    if message.startswith(b'{"') and message.endswith(b"}"):
        levelled = b'"level":"%b",' % level if level else b""
        return b'{"@timestamp":"%b",%b%b' % (stamp, levelled, message[1:])
    return b" ".join((stamp, level, message) if level else (stamp, message))


def entry_chunks(entries: Iterable[Entry], now: datetime, intake: Intake) -> Generator[Chunk]:
    """Chunks of entries whose lines begin with an ISO time; numbers count per source."""
    stamps = detect([stamp_of(0)], now)
    numbers: dict[str, int] = {}
    texts: list[bytes] = []
    source, n_bytes = "", 0
    for entry in entries:
        is_full = len(texts) >= _MAX_ENTRIES or n_bytes >= _MAX_BYTES
        if texts and (entry.source != source or is_full):
            yield _chunk(texts, source, numbers, stamps, intake)
            texts, n_bytes = [], 0
        source = entry.source
        texts.append(entry.text)
        n_bytes += len(entry.text)
    if texts:
        yield _chunk(texts, source, numbers, stamps, intake)


def _chunk(
    texts: list[bytes], source: str, numbers: dict[str, int], stamps: Stamps | None, intake: Intake
) -> Chunk:
    block = clean(b"\n".join(texts), intake)
    lines = block.split(b"\n")
    first = numbers.get(source, 1)
    numbers[source] = first + len(lines)
    return Chunk(lines, block, source, first, stamps)

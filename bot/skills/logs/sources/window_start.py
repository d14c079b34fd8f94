"""Where a time window begins in a large file, found by halving instead of reading.

Logs are appended in the order of time. A file in which probes say otherwise is read as a whole.
"""

from __future__ import annotations

import io
from datetime import datetime, tzinfo
from typing import IO

from ..blocks import BLOCK_BYTES, Intake
from ..stamps import Stamps, detect
from .stream import SAMPLE_BYTES, SAMPLE_LINES

_WHOLE_BELOW_BYTES = 1 << 20
_MAX_SPAN_BYTES = 256 << 20
_N_PROBES = 32
_PROBE_BYTES = 8 * 1024
_MAX_BACKWARDS_S = 60


def seek_window(
    raw: IO[bytes], name: str, start: datetime, now: datetime, intake: Intake, zone: tzinfo
) -> int:
    """Move a file to a line at, or somewhat before, the first line of a window.

    At most the newest 256 MiB are read; lines left out are counted in `intake`.

    Returns:
        The 1-based number of that line.
    """
    offset = _window_offset(raw, start, now, zone)
    offset = _within_limit(raw, offset, name, intake)
    first_line_number = _count_newlines(raw, offset) + 1
    raw.seek(offset)
    return first_line_number


def _window_offset(raw: IO[bytes], start: datetime, now: datetime, zone: tzinfo) -> int:
    """A byte offset at a line's beginning, at or somewhat before the first line of the window."""
    size = raw.seek(0, io.SEEK_END)
    raw.seek(0)
    if size <= _WHOLE_BELOW_BYTES:
        return 0
    stamps = detect(raw.read(SAMPLE_BYTES).split(b"\n")[:SAMPLE_LINES], now, zone)
    if stamps is None:
        return _line_start(raw, max(0, size - _MAX_SPAN_BYTES))
    if _goes_backwards(raw, size, stamps):
        return 0
    low, high = 0, size
    while high - low > _WHOLE_BELOW_BYTES:
        middle = (low + high) // 2
        second = _second_after(raw, middle, stamps, SAMPLE_BYTES)
        if second is None or second >= start.timestamp():
            high = middle
        else:
            low = middle
    # A little earlier, because neighbouring lines of several threads change places.
    return _line_start(raw, max(0, low - SAMPLE_BYTES))


def _goes_backwards(raw: IO[bytes], size: int, stamps: Stamps) -> bool:
    latest: int | None = None
    for number in range(_N_PROBES):
        second = _second_after(raw, size * number // _N_PROBES, stamps, _PROBE_BYTES)
        if second is None:
            continue
        if latest is not None and second < latest - _MAX_BACKWARDS_S:
            return True
        latest = second if latest is None else max(latest, second)
    return False


def _second_after(raw: IO[bytes], offset: int, stamps: Stamps, n_bytes: int) -> int | None:
    raw.seek(offset)
    lines = raw.read(n_bytes).split(b"\n")[1:]
    return next((second for line in lines if (second := stamps.second_of(line)) is not None), None)


def _line_start(raw: IO[bytes], offset: int) -> int:
    if offset == 0:
        return 0
    raw.seek(offset - 1)
    raw.readline(BLOCK_BYTES)
    return raw.tell()


def _within_limit(raw: IO[bytes], offset: int, name: str, intake: Intake) -> int:
    size = raw.seek(0, io.SEEK_END)
    if size - offset <= _MAX_SPAN_BYTES:
        return offset
    limited = _line_start(raw, size - _MAX_SPAN_BYTES)
    raw.seek(offset)
    n_left_out = _count_newlines(raw, limited) - _count_newlines(raw, offset)
    intake.n_left_out += n_left_out
    intake.problems.append(
        f"{name}: only the newest {_MAX_SPAN_BYTES >> 20} MiB of the window were read, "
        f"{n_left_out:,} older lines were not"
    )
    return limited


def _count_newlines(raw: IO[bytes], end: int) -> int:
    raw.seek(0)
    n_lines = 0
    while end > 0:
        piece = raw.read(min(end, BLOCK_BYTES))
        if not piece:
            break
        n_lines += piece.count(b"\n")
        end -= len(piece)
    return n_lines

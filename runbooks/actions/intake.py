"""The bytes of an output become lines: cleaned, streamed up to a limit, head and tail kept.

Cleaning costs far more than reading, so what lies between head and tail is only
counted: an output of a gigabyte neither fills the memory nor keeps the program waiting.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .output import LineCleaner, key_state

N_HEAD_LINES = 100
N_TAIL_LINES = 100
N_STREAMED_LINES = 2000
N_STREAMED_BYTES = 1024 * 1024
MAX_RAW_LINE_BYTES = 16384
_MARK_BYTES = 64  # as long as the first line of a private key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Late:
    """A line that may end up in the tail; cleaned only if it does."""

    raw: bytes
    in_key: bool


@dataclass(slots=True, kw_only=True)
class OutputIntake:
    """Takes one output from its first to its last byte.

    Attributes:
        known: Secret values of the target, hidden wherever they stand.
    """

    known: tuple[str, ...] = ()
    n_head_lines: int = N_HEAD_LINES
    n_tail_lines: int = N_TAIL_LINES
    _cleaner: LineCleaner = field(init=False)
    _head: list[str] = field(default_factory=list[str])
    _tail: deque[str | _Late] = field(default_factory=lambda: deque[str | _Late]())
    _pending: bytes = b""
    _in_key: bool = False
    _is_overlong: bool = False
    _n_lines: int = 0
    _n_bytes: int = 0
    _notes: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self._cleaner = LineCleaner(known=self.known)

    def feed(self, chunk: bytes) -> list[str]:
        """Take bytes; gives the lines that are to be shown now."""
        if not self._is_streaming:
            chunk = self._skip(chunk)
        *whole, pending = (self._pending + chunk).split(b"\n")
        shown = [self._piece(raw, ends=True) for raw in whole]
        if len(pending) > MAX_RAW_LINE_BYTES:
            shown.append(self._piece(pending, ends=False))
            pending = pending[-_MARK_BYTES:]
        self._pending = pending
        return [line for line in shown if line is not None]

    def end(self) -> list[str]:
        """There are no more bytes; gives the last line, if it had no end."""
        rest, self._pending = self._pending, b""
        shown = self._take(rest) if rest and not self._is_overlong else None
        return [] if shown is None else [shown]

    def note(self, sentence: str) -> None:
        """Add a sentence of our own after the output."""
        self._notes.append(sentence)

    @property
    def text(self) -> str:
        """Head and tail in order, with the number of lines cut between them."""
        n_cut = self._n_lines - len(self._head) - len(self._tail)
        cut = [f"… {n_cut} lines cut …"] if n_cut else []
        tail = [self._cleaned(line) for line in self._tail]
        return "\n".join([*self._head, *cut, *tail, *self._notes])

    @property
    def _is_streaming(self) -> bool:
        return self._n_lines < N_STREAMED_LINES and self._n_bytes < N_STREAMED_BYTES

    def _skip(self, chunk: bytes) -> bytes:
        """Count what can no longer be in the tail; gives the rest of the chunk."""
        parts = chunk.rsplit(b"\n", self.n_tail_lines + 1)
        if len(parts) < self.n_tail_lines + 2:
            return chunk
        skipped = self._pending + parts[0]
        self._n_lines += skipped.count(b"\n") + (not self._is_overlong)
        self._is_overlong = False
        self._n_bytes += len(skipped) + 1
        self._in_key = key_state(skipped, was_in_key=self._in_key)
        self._pending = b""
        return chunk[len(parts[0]) + 1 :]

    def _piece(self, raw: bytes, *, ends: bool) -> str | None:
        """Take a line, or a part of one that is too long: only its start is shown.

        Cut in two, a secret looks like none. The rest is searched for the start of a private key.
        """
        begins, self._is_overlong = not self._is_overlong, not ends
        shown = self._take(raw[:MAX_RAW_LINE_BYTES]) if begins else None
        rest = raw[MAX_RAW_LINE_BYTES - _MARK_BYTES :] if begins else raw
        if not begins or len(raw) > MAX_RAW_LINE_BYTES:
            self._in_key = key_state(rest, was_in_key=self._in_key)
            self._cleaner.in_key = self._in_key
        return shown

    def _take(self, raw: bytes) -> str | None:
        streams = self._is_streaming
        self._n_lines += 1
        self._n_bytes += len(raw) + 1
        if streams:
            shown = self._cleaner.clean(raw.decode("utf-8", errors="replace").rstrip("\r"))
            self._in_key = self._cleaner.in_key
            self._keep(shown)
            return shown
        self._keep(_Late(raw=raw, in_key=self._in_key))
        self._in_key = key_state(raw, was_in_key=self._in_key)
        return None

    def _keep(self, line: str | _Late) -> None:
        if isinstance(line, str) and len(self._head) < self.n_head_lines:
            self._head.append(line)
            return
        self._tail.append(line)
        if len(self._tail) > self.n_tail_lines:
            self._tail.popleft()

    def _cleaned(self, line: str | _Late) -> str:
        if isinstance(line, str):
            return line
        cleaner = LineCleaner(known=self.known, in_key=line.in_key)
        return cleaner.clean(line.raw.decode("utf-8", errors="replace").rstrip("\r"))

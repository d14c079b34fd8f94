"""Output that is safe to show: redacted line by line, bounded, with the cut marked."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import RedactionError
from ..redaction import redact

N_HEAD_LINES = 100
N_TAIL_LINES = 100
MAX_LINE_CHARS = 2000
WITHHELD = "[withheld: secrets could not be removed from this line]"

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def safe_text(text: str) -> str:
    """Redact a text; a text that cannot be redacted is withheld as a whole."""
    try:
        return redact(_CONTROL.sub("", text)).text
    except RedactionError:
        return WITHHELD


@dataclass(slots=True, kw_only=True)
class LineCleaner:
    """Redacts a stream of lines; remembers when it is inside a private key."""

    _in_key: bool = False

    def clean(self, line: str) -> str:
        """Make one line safe to show.

        Args:
            line: Without its line end; cut after `MAX_LINE_CHARS`.
        """
        if self._in_key:
            self._in_key = not _KEY_ENDS.search(line)
            return "[private key]"
        if _KEY_BEGINS.search(line):
            self._in_key = not _KEY_ENDS.search(line)
            return "[private key]"
        shown = safe_text(line)
        if len(shown) <= MAX_LINE_CHARS:
            return shown
        return f"{shown[:MAX_LINE_CHARS]} … {len(shown) - MAX_LINE_CHARS} characters cut"


@dataclass(slots=True, kw_only=True)
class OutputKeeper:
    """Keeps the first and the last lines of an output of any length."""

    n_head_lines: int = N_HEAD_LINES
    n_tail_lines: int = N_TAIL_LINES
    _head: list[str] = field(default_factory=list[str])
    _tail: deque[str] = field(default_factory=lambda: deque[str]())
    _n_cut: int = 0

    def add(self, line: str) -> None:
        """Take one line that is safe to show."""
        if len(self._head) < self.n_head_lines:
            self._head.append(line)
            return
        self._tail.append(line)
        if len(self._tail) > self.n_tail_lines:
            self._tail.popleft()
            self._n_cut += 1

    @property
    def text(self) -> str:
        """What was kept, in order."""
        cut = [f"… {self._n_cut} lines cut …"] if self._n_cut else []
        return "\n".join([*self._head, *cut, *self._tail])


def bounded(text: str, max_chars: int) -> str:
    """Keep head and tail of a text, at most about `max_chars` characters, marking the cut."""
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters cut …\n{text[-half:]}"


Clean = Callable[[str], str]

"""Output that is safe to show: redacted line by line, bounded, with the cut marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import RedactionError
from ..redaction import redact

MAX_LINE_CHARS = 2000
WITHHELD = "[withheld: secrets could not be removed from this line]"

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def safe_text(text: str, known: Sequence[str] = ()) -> str:
    """Redact a text; a text that cannot be redacted is withheld as a whole.

    Args:
        known: Secret values that are hidden wherever they stand.
    """
    try:
        return redact(_CONTROL.sub("", text), known).text
    except RedactionError:
        return WITHHELD


@dataclass(slots=True, kw_only=True)
class LineCleaner:
    """Redacts a stream of lines; remembers when it is inside a private key.

    Attributes:
        known: Secret values that are hidden wherever they stand.
        in_key: The next line is part of a private key.
    """

    known: Sequence[str] = ()
    in_key: bool = False

    def clean(self, line: str) -> str:
        """Make one line safe to show.

        Args:
            line: Without its line end; cut after `MAX_LINE_CHARS`.
        """
        if self.in_key:
            self.in_key = not _KEY_ENDS.search(line)
            return "[private key]"
        if _KEY_BEGINS.search(line):
            self.in_key = not _KEY_ENDS.search(line)
            return "[private key]"
        shown = safe_text(line, self.known)
        if len(shown) <= MAX_LINE_CHARS:
            return shown
        return f"{shown[:MAX_LINE_CHARS]} … {len(shown) - MAX_LINE_CHARS} characters cut"


def key_state(raw: bytes, *, was_in_key: bool) -> bool:
    """Whether a private key that began in these bytes, or before them, goes on after them."""
    if b"PRIVATE KEY" not in raw:
        return was_in_key
    text = raw.decode("utf-8", errors="replace")
    begins = [match.start() for match in _KEY_BEGINS.finditer(text)]
    ends = [match.start() for match in _KEY_ENDS.finditer(text)]
    return max(begins, default=-1 if not was_in_key else 0) > max(ends, default=-1)


def bounded(text: str, max_chars: int) -> str:
    """Keep head and tail of a text, at most about `max_chars` characters, marking the cut."""
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters cut …\n{text[-half:]}"

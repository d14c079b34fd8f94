"""What people say to one another in a thread, as a short text that only grows at its end.

Pure values. The text is a prompt's part that is known before the question is; as long as it only
grows, a prefix cache keeps what was computed of it. So the oldest remarks are dropped rarely and
many at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .skills.generation import as_data

MAX_TOKENS = 400
TRIMMED_TOKENS = 200
_MAX_REMARK_BYTES = 360
_MAX_NAME_CHARS = 40
_BYTES_PER_TOKEN = 3
_TAG = re.compile(r"</?\s*thread\s*>", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One message somebody wrote in a thread, not meant for the bot.

    Attributes:
        ts: Names the message in its channel; grows with time.
    """

    ts: str
    author: str
    text: str

    @property
    def line(self) -> str:
        """The remark as one line that is safe to quote in a prompt; empty if it says nothing."""
        said = _cut(_one_line(self.text))
        author = _one_line(self.author)[:_MAX_NAME_CHARS] or "somebody"
        return f"{author}: {said}" if said else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadTalk:
    """The latest remarks of a thread, oldest first, at most `MAX_TOKENS` of them."""

    remarks: tuple[Remark, ...] = ()

    @property
    def text(self) -> str:
        """One line a remark; empty when nobody said anything."""
        return "\n".join(remark.line for remark in self.remarks)

    def heard(self, remark: Remark) -> ThreadTalk:
        """With one more remark; one of the same `ts` is replaced where it stands.

        When the text would be longer than `MAX_TOKENS`, the oldest remarks go until at most
        `TRIMMED_TOKENS` are left.
        """
        if not remark.line:
            return self.without(remark.ts)
        if any(known.ts == remark.ts for known in self.remarks):
            remarks = tuple(remark if one.ts == remark.ts else one for one in self.remarks)
        else:
            remarks = (*self.remarks, remark)
        return replace(self, remarks=_trimmed(remarks))

    def without(self, ts: str) -> ThreadTalk:
        """Without a remark that was deleted."""
        return replace(self, remarks=tuple(one for one in self.remarks if one.ts != ts))


def estimated_tokens(text: str) -> int:
    """An upper estimate of a text's tokens, from its length in UTF-8."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def _trimmed(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    sizes = [estimated_tokens(remark.line + "\n") for remark in remarks]
    if sum(sizes) <= MAX_TOKENS:
        return remarks
    first = 0
    while sum(sizes[first:]) > TRIMMED_TOKENS:
        first += 1
    return remarks[first:]


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", _TAG.sub("[tag]", as_data(text))).strip()


def _cut(text: str) -> str:
    raw = text.encode()
    if len(raw) <= _MAX_REMARK_BYTES:
        return text
    return raw[:_MAX_REMARK_BYTES].decode(errors="ignore").rstrip() + " …"

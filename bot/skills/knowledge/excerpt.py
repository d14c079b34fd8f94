"""The two lines of a passage that say most about the question."""

from __future__ import annotations

import re

from knowledge import terms

_MAX_CHARS = 220
_NOISE = re.compile(r"^\s*(?:`{3,}.*|~{3,}.*|#{1,6}\s.*|[|:\s-]+|[=~^\"'*+-]{3,})$")


def excerpt(text: str, question: str) -> str:
    """At most two consecutive lines, verbatim but for surrounding space, in <= 220 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _NOISE.match(line)]
    if not lines:
        return text.strip()[:_MAX_CHARS]
    wanted = set(terms(question))
    windows = [" ".join(lines[at : at + 2]) for at in range(max(len(lines) - 1, 1))]
    best = max(windows, key=lambda window: len(wanted & set(terms(window))))
    return best if len(best) <= _MAX_CHARS else best[: _MAX_CHARS - 1].rstrip() + "\u2026"

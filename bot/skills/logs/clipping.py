"""Beginnings of log lines: nothing secret is cut in two, and no word where words matter. Pure."""

from __future__ import annotations

import re

from runbooks.redaction import redact

# What stands before a secret, such as "password =", and tells that it is one.
_MARGIN_CHARS = 64
_SPACE = re.compile(r"\s")


def safe_start(line: str, max_chars: int) -> str:
    """The beginning of a line with its secrets hidden.

    They are hidden first: the half of a secret that a cut leaves does not look like one.
    """
    # NOTE: searching takes long, so only as far as the word goes that the cut falls into.
    space = _SPACE.search(line, max_chars + _MARGIN_CHARS)
    return redact(line[: space.start()] if space else line).text[:max_chars]


def word_start(text: str, max_chars: int) -> str:
    """The beginning of a text, cut between words; one word that is longer is cut anywhere."""
    if len(text) <= max_chars:
        return text
    whole, _, _ = text[: max_chars + 1].rpartition(" ")
    return whole.rstrip() or text[:max_chars]

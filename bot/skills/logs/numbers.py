"""Numbers with their nouns."""

from __future__ import annotations


def count_text(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun, for example "1 line" or "2,310 lines".

    Args:
        nouns: The plural where it does not just end in "s".
    """
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def read_text(count: int, noun: str, nouns: str = "") -> str:
    """How many were read, for example "1 line was read" or "2,310 lines were read"."""
    return f"{count_text(count, noun, nouns)} {'was' if count == 1 else 'were'} read"

"""Numbers with their nouns, and names as many as can be read."""

from __future__ import annotations

from collections.abc import Sequence

_MAX_NAMES = 12


def count_text(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun, for example "1 line" or "2,310 lines".

    Args:
        nouns: The plural where it does not just end in "s".
    """
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def read_text(count: int, noun: str, nouns: str = "") -> str:
    """How many were read, for example "1 line was read" or "2,310 lines were read"."""
    return f"{count_text(count, noun, nouns)} {'was' if count == 1 else 'were'} read"


def names_text(names: Sequence[str]) -> str:
    """Some names; of very many the first ones, and how many more there are."""
    shown = ", ".join(names[:_MAX_NAMES])
    n_more = len(names) - _MAX_NAMES
    return f"{shown} and {n_more:,} more" if n_more > 0 else shown

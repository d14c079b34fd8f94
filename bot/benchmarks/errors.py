"""What can keep a measurement from being made."""

from __future__ import annotations


class BenchmarkError(Exception):
    """A measurement could not be made; the message says why in one sentence."""

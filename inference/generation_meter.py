"""Measures one generation from outside, by the events it yields."""

from __future__ import annotations

import time
from dataclasses import replace

from .request import Event, GenerationStats, Started, TextDelta


class GenerationMeter:
    """Counts and times of one request as whoever reads its stream sees them.

    What another process or host does not report is measured here: `n_output` counts pieces of
    text, which are tokens at most servers, and times include the way to here.

    Attributes:
        n_pieces: Pieces of text so far.
    """

    def __init__(self) -> None:
        self.n_pieces = 0
        self._started: Started | None = None
        self._begun_mono = time.monotonic()
        self._first_mono: float | None = None
        self._last_mono = self._begun_mono

    @property
    def has_started(self) -> bool:
        """Whether a `Started` was seen."""
        return self._started is not None

    @property
    def has_text(self) -> bool:
        """Whether any text was seen: such a request cannot be sent again unnoticed."""
        return self.n_pieces > 0

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the request came."""
        return (time.monotonic() - self._begun_mono) * 1000

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, Started):
            self._started = event
        elif isinstance(event, TextDelta):
            self._last_mono = time.monotonic()
            self.n_pieces += 1
            if self._first_mono is None:
                self._first_mono = self._last_mono

    def stats(self, *, n_output: int | None = None) -> GenerationStats:
        """What is known so far.

        Args:
            n_output: Tokens produced, when the other side counted them.
        """
        stats = GenerationStats(n_output=self.n_pieces if n_output is None else n_output)
        if self._started is not None:
            stats = replace(
                stats,
                n_prompt=self._started.n_prompt,
                n_cached=self._started.n_cached,
                queue_ms=self._started.queue_ms,
            )
        if self._first_mono is None:
            return stats
        decoding_ms = (self._last_mono - self._first_mono) * 1000
        return replace(
            stats,
            ttft_ms=(self._first_mono - self._begun_mono) * 1000,
            tpot_ms=decoding_ms / (stats.n_output - 1) if stats.n_output > 1 else None,
        )

"""Token bytes to text as they arrive: whole characters only, never part of a stop string."""

from __future__ import annotations

import codecs


class TextAssembler:
    """Turns one request's token bytes into text that can be shown at once.

    Bytes of an unfinished character are held back, and so is text that may be the beginning of a
    stop string. After a stop string was met nothing more comes out.

    Args:
        stop: Strings that end the text; the earliest one counts and is not part of it.
    """

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._stop = stop
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self._is_stopped = False

    @property
    def is_stopped(self) -> bool:
        """Whether a stop string was met."""
        return self._is_stopped

    def push(self, piece: bytes) -> str:
        """Add a token's bytes and return the text that is certain by now, possibly empty."""
        return self._advance(self._decoder.decode(piece))

    def finish(self) -> str:
        """Return what was held back; an unfinished character becomes U+FFFD."""
        text = self._advance(self._decoder.decode(b"", final=True))
        rest, self._held = self._held, ""
        return text + rest

    def _advance(self, text: str) -> str:
        if self._is_stopped:
            return ""
        self._held += text
        found = [at for at in (self._held.find(stop) for stop in self._stop) if at >= 0]
        if found:
            self._is_stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        n_certain = len(self._held) - self._n_undecided()
        text, self._held = self._held[:n_certain], self._held[n_certain:]
        return text

    def _n_undecided(self) -> int:
        """Length of the longest tail that could still grow into a stop string."""
        return max((_n_overlap(self._held, stop) for stop in self._stop), default=0)


def _n_overlap(text: str, stop: str) -> int:
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)

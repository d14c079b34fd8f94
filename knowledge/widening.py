"""Retrieve small, read bigger: chunks found become longer passages, within a number of tokens.

A chunk of some 200 tokens matches a question sharply, yet the command that answers it often stands
in the next one. Pure functions over chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .documents import Chunk
from .tokens import estimate_tokens

Place = tuple[str, str, int]
"""Source, path and ordinal: where a chunk stands."""

_STEPS = (1, -1, 2)
"""What is added to a chunk, in this order: what follows it says more often what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Neighbouring chunks of one document, read as one.

    Attributes:
        rank: Position of the best chunk found in it, from 0.
        matched: That chunk.
        chunks: In document order, without a gap.
    """

    rank: int
    matched: Chunk
    chunks: tuple[Chunk, ...]

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line in the document, 1-based, inclusive."""
        return self.chunks[0].lines[0], self.chunks[-1].lines[1]

    @property
    def text(self) -> str:
        """The chunks' texts; what stands between them is empty lines and their headings.

        Line n of it is line n of the document, counted from the first, except behind the cut of a
        paragraph that was too long for one chunk.
        """
        pieces = [self.chunks[0].text]
        for before, after in pairwise(self.chunks):
            pieces.extend((_between(before, after), after.text))
        return "".join(pieces)


def widen(
    found: Sequence[Chunk], chunk_at: Callable[[Place], Chunk | None], max_tokens: int
) -> tuple[Span, ...]:
    """Add neighbours to chunks found, as long as the tokens last.

    The chunks themselves come first, then everyone's next neighbour, and so on: a bigger budget
    reads further around all of them. The best chunk is kept even if it alone is too long.

    Args:
        found: Best first.
        chunk_at: The chunk at a place, None where there is none.
        max_tokens: Of all texts and headers together, estimated.

    Returns:
        Spans that do not touch one another, in the order of their best chunk.
    """
    chosen: dict[Place, Chunk] = {}
    left = max_tokens
    for chunk in _candidates(found, chunk_at):
        place = _place(chunk)
        n_tokens = estimate_tokens(chunk.embedded_text)
        if place not in chosen and (n_tokens <= left or not chosen):
            chosen[place] = chunk
            left -= n_tokens
    return _spans(found, chosen)


def _candidates(
    found: Sequence[Chunk], chunk_at: Callable[[Place], Chunk | None]
) -> Iterator[Chunk]:
    yield from found
    for step in _STEPS:
        for chunk in found:
            neighbour = chunk_at((chunk.source, chunk.path, chunk.ordinal + step))
            if neighbour is not None:
                yield neighbour


def _spans(found: Sequence[Chunk], chosen: dict[Place, Chunk]) -> tuple[Span, ...]:
    rank_of = {_place(chunk): rank for rank, chunk in reversed(list(enumerate(found)))}
    runs: list[list[Chunk]] = []
    for place in sorted(chosen):
        chunk = chosen[place]
        if runs and _follows(runs[-1][-1], chunk):
            runs[-1].append(chunk)
        else:
            runs.append([chunk])
    spans = [
        Span(rank=rank, matched=found[rank], chunks=tuple(run))
        for run in runs
        if (rank := min(rank_of.get(_place(chunk), len(found)) for chunk in run)) < len(found)
    ]
    return tuple(sorted(spans, key=lambda span: span.rank))


def _follows(before: Chunk, after: Chunk) -> bool:
    same = (before.source, before.path) == (after.source, after.path)
    return same and after.ordinal == before.ordinal + 1


def _place(chunk: Chunk) -> Place:
    return chunk.source, chunk.path, chunk.ordinal


def _between(before: Chunk, after: Chunk) -> str:
    """As many line ends as the document has there, with the heading that came between."""
    n_between = after.lines[0] - before.lines[1] - 1
    if n_between < 0:
        return " "
    lines = [""] * n_between
    if lines and after.heading_path and after.heading_path != before.heading_path:
        level = len(after.heading_path) + 1
        lines[n_between // 2] = f"{'#' * level} {after.heading_path[-1]}"
    return "\n".join(["", *lines, ""])

"""Rows found, as what leaves the package: hits, alone or widened by what stands around them."""

from __future__ import annotations

from dataclasses import replace

from .documents import Hit
from .index import Index
from .retriever import Retrieved
from .widening import widen


def hits(index: Index, found: Retrieved, widen_tokens: int = 0) -> tuple[Hit, ...]:
    """Hits, best first.

    Args:
        widen_tokens: What all texts together may grow to; 0 leaves every chunk alone.
    """
    alone = [_hit(index, found, rank) for rank in range(len(found.ranked))]
    if not widen_tokens:
        return tuple(alone)
    chunks = [index.chunks[one.row] for one in found.ranked]
    return tuple(
        replace(
            alone[span.rank],
            lines=span.lines,
            text=span.text,
            matched_lines=span.matched.lines,
            matched_text=span.matched.text,
        )
        for span in widen(chunks, index.chunk_at, widen_tokens)
    )


def _hit(index: Index, found: Retrieved, rank: int) -> Hit:
    one = found.ranked[rank]
    chunk = index.chunks[one.row]
    return Hit(
        source=chunk.source,
        path=chunk.path,
        title=chunk.title,
        heading=chunk.heading,
        lines=chunk.lines,
        score=one.score,
        cosine=found.cosines.get(one.row),
        text=chunk.text,
        ordinal=chunk.ordinal,
        metadata=index.metadata_of(one.row),
    )

"""A run of lines of a document that belongs together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """What a run of lines is."""

    FRONT_MATTER = "front_matter"
    HEADING = "heading"
    FENCE = "fence"
    LIST = "list"
    TABLE = "table"
    PARAGRAPH = "paragraph"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of lines.

    Attributes:
        start: Index of the first line, from 0.
        end: Index behind the last line (half open).
        level: Depth of a heading, 1 being the outermost; 0 for everything else.
        heading: Text of a heading without its markup, else empty.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    heading: str = ""

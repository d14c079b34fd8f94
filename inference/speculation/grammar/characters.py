"""Sets of characters, as a grammar's terminals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

N_CODE_POINTS = 0x110000
"""Code points are 0 <= c < N_CODE_POINTS."""


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """A set of code points.

    Attributes:
        ranges: Half-open ranges of code points, ascending, neither overlapping nor touching.
    """

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> CharacterSet:
        """The union of half-open ranges in any order; empty ones are left out."""
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(pair for pair in ranges if pair[0] < pair[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(stop, merged[-1][1])
            else:
                merged.append((start, stop))
        return cls(tuple(merged))

    def inverted(self) -> CharacterSet:
        """All other code points."""
        bounds = [0, *(bound for pair in self.ranges for bound in pair), N_CODE_POINTS]
        return CharacterSet.of(zip(bounds[::2], bounds[1::2], strict=True))

    @property
    def only(self) -> int | None:
        """The one code point it consists of; None if there are more, or none."""
        if len(self.ranges) != 1:
            return None
        start, stop = self.ranges[0]
        return start if stop == start + 1 else None

    def __contains__(self, code_point: int) -> bool:
        index = bisect_right(self.ranges, (code_point, N_CODE_POINTS)) - 1
        return index >= 0 and code_point < self.ranges[index][1]


ANY = CharacterSet(((0, N_CODE_POINTS),))
"""What `.` stands for: every character, line ends too."""

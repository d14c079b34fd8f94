"""How well found templates agree with labelled ones. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Agreement of two partitions of the same lines; shares are in [0, 1].

    Attributes:
        ga: Share of the lines whose found group has exactly the lines of a labelled group.
        fga: Harmonic mean of the shares of found and of labelled groups that match exactly.
        purity: Share of the lines that carry the commonest label of their found group.
        completeness: Share of the lines in the largest found part of their labelled group.
        n_labelled: Labelled groups.
        n_found: Found groups.
    """

    ga: float
    fga: float
    purity: float
    completeness: float
    n_labelled: int
    n_found: int


def score(labels: Sequence[Hashable], found: Sequence[Hashable]) -> Grouping:
    """Compare the groups of lines that were found with the labelled ones.

    Args:
        labels: The true group of each line; at least one line.
        found: The found group of each line.

    Raises:
        ValueError: They are not of the same length, or empty.
    """
    if len(labels) != len(found) or not labels:
        raise ValueError(f"{len(labels)} labels for {len(found)} lines, expected as many, not 0")
    of_label, of_found = Counter(labels), Counter(found)
    pairs = Counter(zip(labels, found, strict=True))
    exact = [n for (a, b), n in pairs.items() if n == of_label[a] == of_found[b]]
    return Grouping(
        ga=sum(exact) / len(labels),
        fga=2 * len(exact) / (len(of_label) + len(of_found)),
        purity=_largest({(b, a): n for (a, b), n in pairs.items()}) / len(labels),
        completeness=_largest(pairs) / len(labels),
        n_labelled=len(of_label),
        n_found=len(of_found),
    )


def _largest(pairs: dict[tuple[Hashable, Hashable], int]) -> int:
    best: dict[Hashable, int] = {}
    for (group, _), n_lines in pairs.items():
        best[group] = max(best.get(group, 0), n_lines)
    return sum(best.values())

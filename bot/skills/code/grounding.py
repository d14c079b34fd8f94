"""Does a query use names that the documents know? Compares PromQL with a metrics catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .validators.promql import References

_NAME = re.compile(r"`([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[^`]*\})?`")
_METRIC = re.compile(r"[a-z][a-z0-9]*(?:[_:][a-z0-9]+)+")
_SERIES_SUFFIX = re.compile(r"_(?:bucket|sum|count)$")
_GROUPED = re.compile(r"\b(?:per|by|for each)\s+([a-z_]+)")
_QUANTILE = re.compile(r"\b[pP](\d\d)\b")
_COMMON_LABELS = frozenset({"job", "instance", "le", "namespace", "pod", "cluster"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """How a query's names compare with the documents.

    Attributes:
        known: Metrics of the query that a document names.
        doubts: One phrase per name that the documents speak against.
    """

    known: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def naming_lines(passage: str, n_chars: int) -> str:
    """The lines of a passage that name something in backticks: all a query needs of it.

    Args:
        passage: Markdown.
        n_chars: Upper bound of the result; only whole lines are taken.
    """
    taken: list[str] = []
    n_left = n_chars
    for line in passage.splitlines():
        if _NAME.search(line) and len(line) < n_left:
            taken.append(line)
            n_left -= len(line) + 1
    return "\n".join(taken)


def documented_metrics(passages: Sequence[str]) -> dict[str, frozenset[str]]:
    """Metrics that a table row or sentence introduces, with the other names in the same line.

    Only names in backticks count; a metric has at least two words. In a line the first metric is
    the one that is introduced.
    """
    found: dict[str, frozenset[str]] = {}
    for line in "\n".join(passages).splitlines():
        names = _NAME.findall(line)
        if names and _METRIC.fullmatch(names[0]):
            found[names[0]] = found.get(names[0], frozenset()) | frozenset(names[1:])
    return found


def compare(used: References, documented: dict[str, frozenset[str]]) -> Grounding:
    """Hold a query's names against the documented ones; no documents, no doubts."""
    if not documented:
        return Grounding()
    known = tuple(m for m in used.metrics if _family(m, documented) is not None)
    strangers = [m for m in used.metrics if m not in known]
    doubts = [
        f"the documents do not name the metric {metric}; they name {', '.join(documented)}"
        for metric in strangers
    ]
    labels = frozenset[str]().union(
        *(documented[name] for m in known if (name := _family(m, documented)) is not None)
    )
    if labels:
        doubts.extend(
            f"the documents do not name the label {label}; they name {', '.join(sorted(labels))}"
            for label in used.labels
            if label not in labels | _COMMON_LABELS
        )
    return Grounding(known=known, doubts=tuple(doubts))


def missed(
    task: str, code: str, used: References, documented: dict[str, frozenset[str]]
) -> list[str]:
    """What the task says in so many words and the query does not do: groupings and quantiles."""
    labels = frozenset[str]().union(*documented.values())
    wanted = [label for label in _GROUPED.findall(task.lower()) if label in labels]
    doubts = [
        f'the task says "per {label}", so aggregate with by ({label})'
        for label in wanted
        if label not in used.groupings
    ]
    if "histogram_quantile" not in code:
        doubts.extend(
            f"p{percent} needs histogram_quantile(0.{percent}, ...)"
            for percent in _QUANTILE.findall(task)
        )
    return doubts


def _family(metric: str, documented: dict[str, frozenset[str]]) -> str | None:
    for name in (metric, _SERIES_SUFFIX.sub("", metric)):
        if name in documented:
            return name
    return None

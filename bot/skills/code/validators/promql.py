"""PromQL, parsed by promql-parser; and what a query refers to."""

from __future__ import annotations

from dataclasses import dataclass

import promql_parser

from ..verdict import Verdict

_TOOL = "promql-parser"
_OF_COUNTERS = frozenset({"rate", "irate", "increase"})
_COUNTER_ENDINGS = ("_total", "_count", "_sum", "_bucket")
# Exporters that pass on the names of what they read, which have no ending for counters.
_PASSED_ON = ("node_vmstat_", "node_netstat_", "node_nfs", "mysql_global_status_", "pg_stat_")
_READ_AS_RATE = ("_total", "_bucket")
# What asks which series there are and not how high they stand.
_OF_SERIES = frozenset({"count", "count_values", "group", "absent", "timestamp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Names that a query uses: metrics, labels of matchers and groupings, and the latter alone."""

    metrics: tuple[str, ...]
    labels: tuple[str, ...]
    groupings: tuple[str, ...]


async def check(code: str) -> Verdict:
    """Parse one query with types: `rate()` of an instant vector is a problem, for example."""
    problem = _problem(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    return Verdict(
        tool=_TOOL,
        doubts=(*_misused(promql_parser.parse(code)), *_without_le(code)),
        checked=(f"parsed as PromQL by {_TOOL}",),
    )


def _problem(code: str) -> str:
    try:
        promql_parser.parse(code)
    except ValueError as exc:
        return str(exc)
    return ""


def _misused(query: promql_parser.Expr) -> list[str]:
    """Counters read without their rate, and rates of what is no counter, told by their names."""
    found: dict[str, None] = {}
    read_as_rate: set[str] = set(_counted(query))

    def visit(expression: promql_parser.Expr) -> None:
        if isinstance(expression, promql_parser.Call) and expression.func.name in _OF_COUNTERS:
            name = _name_in_range(expression)
            read_as_rate.add(name)
            if name and not name.endswith(_COUNTER_ENDINGS) and not name.startswith(_PASSED_ON):
                found.setdefault(_no_counter(expression.func.name, name))
        elif isinstance(expression, promql_parser.VectorSelector):
            name = expression.name or ""
            if name.endswith(_READ_AS_RATE) and name not in read_as_rate:
                found.setdefault(f"the counter {name} says nothing without rate() or increase()")

    promql_parser.walk(query, visit)
    return list(found)


def _counted(query: promql_parser.Expr) -> list[str]:
    """Metrics whose series are only counted or looked for."""
    found: list[str] = []

    def visit(expression: promql_parser.Expr) -> None:
        name = ""
        if isinstance(expression, promql_parser.AggregateExpr):
            name = str(expression.op)
        elif isinstance(expression, promql_parser.Call):
            name = expression.func.name
        if name in _OF_SERIES:
            found.extend(references(expression.prettify()).metrics)

    promql_parser.walk(query, visit)
    return found


def _without_le(code: str) -> list[str]:
    groupings = references(code).groupings
    if "histogram_quantile" in code and groupings and "le" not in groupings:
        return [f"histogram_quantile needs the label le: sum by (le, {', '.join(groupings)}) (...)"]
    return []


def _name_in_range(call: promql_parser.Call) -> str:
    for argument in call.args:
        if isinstance(argument, promql_parser.MatrixSelector):
            return argument.vector_selector.name or ""
    return ""


def _no_counter(function: str, name: str) -> str:
    return (
        f"{function}() is for counters and {name} is none: a histogram's counter is "
        f"{name}_bucket, a gauge needs no {function}()"
    )


def references(code: str) -> References:
    """The metrics and labels of a valid query, each once, in order of appearance.

    Raises:
        ValueError: The query does not parse.
    """
    metrics: dict[str, None] = {}
    labels: dict[str, None] = {}
    groupings: dict[str, None] = {}

    def visit(expression: promql_parser.Expr) -> None:
        if isinstance(expression, promql_parser.MatrixSelector):
            expression = expression.vector_selector
        if isinstance(expression, promql_parser.VectorSelector):
            if expression.name:
                metrics.setdefault(expression.name)
            for matcher in expression.matchers.matchers:
                labels.setdefault(matcher.name)
        elif isinstance(expression, promql_parser.AggregateExpr) and expression.modifier:
            for label in expression.modifier.labels:
                labels.setdefault(label)
                groupings.setdefault(label)

    promql_parser.walk(promql_parser.parse(code), visit)
    return References(metrics=tuple(metrics), labels=tuple(labels), groupings=tuple(groupings))

"""PromQL and LogQL answers: compared as trees in which writings that mean the same are equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import promql_parser as promql

from bot.skills.code.validators import logql_tree

from .code_case import Outcome

_COMMUTES = frozenset({"+", "*", "and", "or"})


def check_promql(code: str, check: Mapping[str, Any]) -> Outcome:
    """Compare with the accepted queries in `accept`."""
    return _among(code, check, lambda text: canonical(promql.parse(text)))


def check_logql(code: str, check: Mapping[str, Any]) -> Outcome:
    """Compare with the accepted queries in `accept`."""
    return _among(code, check, lambda text: str(logql_tree.parse(text)))


def _among(code: str, check: Mapping[str, Any], tree: Callable[[str], str]) -> Outcome:
    try:
        own = tree(code)
    except ValueError as exc:
        return Outcome(passed=False, reason=str(exc).splitlines()[0][:200])
    if own in {tree(str(each)) for each in check["accept"]}:
        return Outcome(passed=True)
    return Outcome(passed=False, reason="the query is none of the accepted ones")


def canonical(query: promql.Expr) -> str:
    """One text for all writings of a query: order of labels, brackets, units of time."""
    match query:
        case promql.ParenExpr():
            return canonical(query.expr)
        case promql.AggregateExpr():
            parameter = f"{canonical(query.param)}," if query.param is not None else ""
            return f"{query.op}{_grouping(query)}({parameter}{canonical(query.expr)})"
        case promql.Call():
            return f"{query.func.name}({','.join(map(canonical, query.args))})"
        case promql.BinaryExpr():
            return _operation(query)
        case promql.UnaryExpr():
            return f"-{canonical(query.expr)}"
        case promql.MatrixSelector():
            return f"{canonical(query.vector_selector)}[{query.range}]"
        case promql.SubqueryExpr():
            return f"{canonical(query.expr)}[{query.range}:{query.step}]@{query.offset}"
        case promql.VectorSelector():
            matchers = sorted(f"{m.name}{m.op}{m.value!r}" for m in query.matchers.matchers)
            return f"{query.name or ''}{{{','.join(matchers)}}}@{query.offset}"
        case promql.NumberLiteral():
            return f"{query.val:g}"
        case _:
            return query.prettify()


def _grouping(query: promql.AggregateExpr) -> str:
    modifier = query.modifier
    if modifier is None or (not modifier.labels and "By" in str(modifier.type)):
        return ""
    return f" {modifier.type} {','.join(sorted(modifier.labels))} "


def _operation(query: promql.BinaryExpr) -> str:
    modifier, words = query.modifier, ""
    if modifier is not None:
        matching = modifier.matching
        on = f"{matching.type}{sorted(matching.labels)}" if matching else ""
        words = f"{modifier.card}{on}{sorted(modifier.group_labels or ())}{modifier.return_bool}"
        words = "" if words == "VectorMatchCardinality.OneToOne[]False" else words
    sides = [canonical(query.lhs), canonical(query.rhs)]
    if str(query.op) in _COMMUTES and not words:
        sides.sort()
    return f"({sides[0]} {query.op} {words} {sides[1]})"

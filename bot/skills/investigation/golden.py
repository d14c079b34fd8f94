"""The queries that are asked of Prometheus for a service, as declared or overridden. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import promql_parser

from .declarations import Record, number_of, records_of, text_of
from .errors import DeclarationError
from .robust import Direction, Sensitivity


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenQuery:
    """One question about a service.

    Attributes:
        query: PromQL with $service and $window.
        signal: The cause that an anomaly speaks for; empty: it only shows trouble.
        weight: How much it counts for that cause.
    """

    name: str
    title: str
    query: str
    how: Sensitivity
    signal: str = ""
    weight: float = 0.0
    is_symptom: bool = False

    def promql(self, service: str, window: str = "2m") -> str:
        """The query for one service; what would end a string in it is escaped.

        Raises:
            DeclarationError: It is no PromQL.
        """
        quoted = service.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        text = self.query.replace("$service", quoted).replace("$window", window)
        try:
            promql_parser.parse(text)
        except ValueError as exc:
            raise DeclarationError(f"the query {self.name!r} is no PromQL: {exc}") from exc
        return text


@cache
def golden_queries() -> tuple[GoldenQuery, ...]:
    """The declared queries."""
    return tuple(_read(record) for record in records_of("golden.yaml"))


def queries_for(
    service: str, overrides: Mapping[str, str], own: Mapping[str, Mapping[str, str]]
) -> tuple[GoldenQuery, ...]:
    """The queries for a service.

    Args:
        overrides: Name -> PromQL for all services; an empty one leaves the query out.
        own: Service -> name -> PromQL, before the former.
    """
    changed = {**overrides, **own.get(service, {})}
    found = (replace(each, query=changed.get(each.name, each.query)) for each in golden_queries())
    return tuple(each for each in found if each.query)


def _read(record: Record) -> GoldenQuery:
    return GoldenQuery(
        name=text_of(record, "name"),
        title=text_of(record, "title"),
        query=text_of(record, "query"),
        how=Sensitivity(
            direction=Direction(text_of(record, "direction")),
            min_share=number_of(record, "min_share", 0.5),
            min_change=number_of(record, "min_change", 0.0),
            level=number_of(record, "level", 0.0) if "level" in record else None,
        ),
        signal=text_of(record, "signal") if "signal" in record else "",
        weight=number_of(record, "weight", 0.0),
        is_symptom=record.get("is_symptom") is True,
    )

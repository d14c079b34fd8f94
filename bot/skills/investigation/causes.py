"""The causes an investigation can name, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .declarations import number_of, records_of, text_of, texts_of

DEPENDENCY = "dependency"
DEPLOY = "deploy"
ERROR = "error"
_ANY_TIME_S = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One kind of cause.

    Attributes:
        explains: Kinds that may follow from it.
        lead_s: How long before the trouble it may have begun, in seconds.
    """

    cause_id: str
    explains: frozenset[str]
    lead_s: float


@cache
def causes() -> Mapping[str, Cause]:
    """All declared causes by id."""
    found = [
        Cause(
            cause_id=text_of(record, "id"),
            explains=frozenset(texts_of(record, "explains")),
            lead_s=number_of(record, "lead_s", _ANY_TIME_S),
        )
        for record in records_of("causes.yaml")
    ]
    return {cause.cause_id: cause for cause in found}

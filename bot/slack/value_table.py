"""The values that a proposal runs with, and where each of them comes from."""

from __future__ import annotations

from runbooks.describe import value_in_words
from runbooks.proposal import Plan

from .mrkdwn import code_span, escape

_LINES = 5


def value_texts(plan: Plan) -> list[str]:
    """One line for each parameter, some lines in one text; nothing when the runbook has none."""
    lines = [
        f"{escape(name)} = {code_span(value_in_words(name, value))}  "
        f"({escape(origin_of(plan, name))})"
        for name, value in plan.parameters.items()
    ]
    heads = ("*With*", *lines)
    starts = range(0, len(heads) if lines else 0, _LINES)
    return ["\n".join(heads[start : start + _LINES]) for start in starts]


def origin_of(plan: Plan, name: str) -> str:
    """Where the value of a parameter comes from, in words."""
    origin = plan.origins.get(name)
    return origin.value if origin is not None else "not recorded"

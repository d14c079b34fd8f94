"""Parameter values that a request states; pure. What is not stated is asked for, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbooks.schema import Parameter, ParameterType, Runbook

_PAIR = re.compile(r"\b([a-z][a-z0-9_]*)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s,;]+)", re.IGNORECASE)


def stated_values(runbook: Runbook, text: str) -> Mapping[str, str]:
    """Read `name=value` pairs, and choices that are named as whole words.

    Only declared parameters are returned; a name that is not declared changes nothing.
    """
    declared = {parameter.name: parameter for parameter in runbook.parameters}
    pairs = {found.group(1).lower(): found.group(2).strip("\"'") for found in _PAIR.finditer(text)}
    values = {name: value for name, value in pairs.items() if name in declared}
    for name, parameter in declared.items():
        choice = _stated_choice(parameter, text)
        if name not in values and choice is not None:
            values[name] = choice
    return values


def _stated_choice(parameter: Parameter, text: str) -> str | None:
    if parameter.type is not ParameterType.STRING:
        return None
    named = [
        str(choice)
        for choice in parameter.choices
        if re.search(rf"(?<![\w-]){re.escape(str(choice))}(?![\w-])", text, re.IGNORECASE)
    ]
    return named[0] if len(named) == 1 else None

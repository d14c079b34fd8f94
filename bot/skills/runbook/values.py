"""Parameter values that a request states; pure. What is not stated is asked for, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runbooks.alert_text import alert_labels
from runbooks.errors import ParameterError
from runbooks.proposal import Origin
from runbooks.schema import Parameter, ParameterType, Runbook
from runbooks.values import coerce

_PAIR = re.compile(r"\b([a-z][a-z0-9_]*)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s,;]+)", re.IGNORECASE)
_OTHER_LABELS = {"mount": "mountpoint", "claim": "persistentvolumeclaim", "database": "datname"}
_LINK = r"(?:\s+(?:is|to|of|=|:)|\s*[:#])?\s+[\"'`]?"
_WORD = r"([\w@:./+-]{1,200})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a request says about the parameters of a runbook.

    Attributes:
        values: Accepted by their parameters, as text.
        origins: Where each of them comes from.
        refused: Said, but not a value that the parameter takes: parameter -> why.
    """

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    refused: Mapping[str, str] = field(default_factory=dict[str, str])

    def missing(self, runbook: Runbook) -> tuple[Parameter, ...]:
        """The parameters that still need a value."""
        return tuple(
            parameter
            for parameter in runbook.parameters
            if parameter.name in self.refused
            or (parameter.default is None and parameter.name not in self.values)
        )

    def with_values(self, values: Mapping[str, str]) -> Stated:
        """The same with further values that the request says."""
        said = dict.fromkeys(values, Origin.SAID)
        return Stated(
            values={**self.values, **values},
            origins={**self.origins, **said},
            refused={n: why for n, why in self.refused.items() if n not in values},
        )


def stated_values(runbook: Runbook, text: str) -> Stated:
    """Read labels of an alert, `name=value`, "name value", and choices named as whole words.

    Only declared parameters are returned; a name that is not declared changes nothing. A label
    that the parameter does not take is left aside, for nobody meant it as a value.
    """
    labels = alert_labels(text)
    found: dict[str, tuple[str, Origin]] = {}
    refused: dict[str, str] = {}
    pairs = _pairs(text)
    for parameter in runbook.parameters:
        name = parameter.name
        label = labels.get(name, labels.get(_OTHER_LABELS.get(name, name)))
        if label is not None and fault(parameter, label) is None:
            found[name] = (label, Origin.ALERT)
        elif name in pairs and name not in labels:
            why = fault(parameter, pairs[name])
            if why is None:
                found[name] = (pairs[name], Origin.SAID)
            else:
                refused[name] = why
        elif (said := _said(parameter, text)) is not None:
            found[name] = (said, Origin.SAID)
    return Stated(
        values={name: value for name, (value, _) in found.items()},
        origins={name: origin for name, (_, origin) in found.items()},
        refused=refused,
    )


def fault(parameter: Parameter, value: str) -> str | None:
    """Why a parameter does not take a value, or None when it does."""
    try:
        coerce(parameter, value)
    except ParameterError as exc:
        return exc.reason
    return None


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for found in _PAIR.finditer(text):
        pairs.setdefault(found.group(1).lower(), found.group(2).strip("\"'`"))
    return pairs


def _said(parameter: Parameter, text: str) -> str | None:
    if parameter.choices:
        return _stated_choice(parameter, text)
    if parameter.type is ParameterType.BOOLEAN:
        return None
    return _after_name(parameter, text)


def _after_name(parameter: Parameter, text: str) -> str | None:
    """What stands behind the parameter's name, when that is plainly a value: "pid 4711"."""
    name = re.escape(parameter.name).replace("_", "[ _-]")
    form = rf"\b{name}{_LINK}{_WORD}"
    said = {found.group(1).rstrip(".:") for found in re.finditer(form, text, re.IGNORECASE)}
    named = {value for value in said if not value.isalpha()}
    good = [value for value in named if fault(parameter, value) is None]
    return good[0] if len(good) == 1 else None


def _stated_choice(parameter: Parameter, text: str) -> str | None:
    if parameter.type is not ParameterType.STRING:
        return None
    named = [
        str(choice)
        for choice in parameter.choices
        if re.search(rf"(?<![\w-]){re.escape(str(choice))}(?![\w-])", text, re.IGNORECASE)
    ]
    return named[0] if len(named) == 1 else None

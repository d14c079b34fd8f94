"""The `parameters` of a runbook's YAML."""

from __future__ import annotations

import re
from dataclasses import replace

from .actions.kinds import ParameterValue
from .errors import ParameterError
from .schema import Parameter, ParameterType
from .values import coerce
from .yaml_tree import Fields, Node, Tree

_REQUIRED = ("type", "description")
_OPTIONAL = ("default", "choices", "pattern", "minimum", "maximum", "unit")
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TYPES = ", ".join(ParameterType)


def read_parameters(tree: Tree, node: Node | None) -> tuple[Parameter, ...]:
    """Read all parameters; faulty ones are kept by name so that their uses are not faults too."""
    if node is None:
        return ()
    entries = tree.read_entries(node, "parameters") or {}
    read = (_parameter(tree, name, key, value) for name, (key, value) in entries.items())
    return tuple(parameter for parameter in read if parameter is not None)


def _parameter(tree: Tree, name: str, key: Node, node: Node) -> Parameter | None:
    if not PARAMETER_NAME.fullmatch(name) or name == "vars":
        tree.fault(key, f"parameter name {name!r} must be lower-case letters, digits and '_'")
        return None
    what = f"parameter {name!r}"
    fields = tree.read_fields(node, what, required=_REQUIRED, optional=_OPTIONAL)
    kind = _type(tree, fields.get("type"), what)
    draft = Parameter(
        name=name,
        type=kind or ParameterType.STRING,
        description=tree.read_text(fields.get("description"), f"description of {what}") or "",
        pattern=_pattern(tree, fields.get("pattern"), what),
        minimum=tree.read_number(fields.get("minimum"), f"minimum of {what}"),
        maximum=tree.read_number(fields.get("maximum"), f"maximum of {what}"),
        unit=tree.read_text(fields.get("unit"), f"unit of {what}") or "",
    )
    if kind is None:
        return draft
    _check_limits(tree, fields, draft)
    return _with_values(tree, fields, draft)


def _type(tree: Tree, node: Node | None, what: str) -> ParameterType | None:
    text = tree.read_text(node, f"type of {what}")
    if text is None:
        return None
    try:
        return ParameterType(text)
    except ValueError:
        tree.fault(node, f"type of {what} must be one of {_TYPES}, not {text!r}")
        return None


def _pattern(tree: Tree, node: Node | None, what: str) -> str | None:
    text = tree.read_text(node, f"pattern of {what}")
    if text is None:
        return None
    try:
        re.compile(text)
    except re.error as exc:
        tree.fault(node, f"pattern of {what} is not a regular expression: {exc}")
        return None
    return text


def _check_limits(tree: Tree, fields: Fields, draft: Parameter) -> None:
    numeric = draft.type in {ParameterType.INTEGER, ParameterType.NUMBER}
    if not numeric:
        for name in ("minimum", "maximum"):
            if name in fields:
                tree.fault(fields[name], f"{name} is only for integer and number parameters")
    if draft.type is not ParameterType.STRING and "pattern" in fields:
        tree.fault(fields["pattern"], "pattern is only for string parameters")
    if draft.minimum is not None and draft.maximum is not None and draft.minimum > draft.maximum:
        tree.fault(fields["minimum"], f"minimum of parameter {draft.name!r} is above its maximum")


def _with_values(tree: Tree, fields: Fields, draft: Parameter) -> Parameter:
    """Read `choices`, then `default`, which must itself be an allowed value."""
    items = tree.read_items(fields.get("choices"), f"choices of {draft.name!r}")
    choices = tuple(
        value for item in items if (value := _value(tree, item, draft, "choice")) is not None
    )
    chosen = replace(draft, choices=choices)
    node = fields.get("default")
    default = _value(tree, node, chosen, "default") if node is not None else None
    return replace(chosen, default=default)


def _value(tree: Tree, node: Node, draft: Parameter, role: str) -> ParameterValue | None:
    value = tree.read_scalar(node, f"{role} of {draft.name!r}")
    if value is None:
        return None
    try:
        return coerce(draft, value)
    except ParameterError as exc:
        tree.fault(node, f"{role} of {draft.name!r} {exc.reason}")
        return None

"""One input of a form for each parameter of a runbook: typed, with its limits as a hint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbooks.schema import Parameter, ParameterType
from runbooks.values import MAX_TEXT_CHARS, render

from .mrkdwn import clean, shorten

MAX_CHOICES = 100
_OPTION_CHARS = 75
_NUMERIC = (ParameterType.INTEGER, ParameterType.NUMBER)
_KEPT = "its value is not shown; leave this empty to keep it"


def parameter_input(
    parameter: Parameter, value: str | None, *, is_kept: bool = False
) -> dict[str, Any]:
    """An input block; block and action are named after the parameter.

    Args:
        value: What stands there already.
        is_kept: Left empty, the input stands for a value that is not shown.
    """
    hint = "; ".join(part for part in (_limits(parameter), _KEPT if is_kept else "") if part)
    block: dict[str, Any] = {
        "type": "input",
        "block_id": parameter.name,
        "optional": is_kept or parameter.default is not None,
        "label": plain(shorten(_label(parameter), 150)),
        "element": {**_element(parameter, value), "action_id": parameter.name},
    }
    return block | ({"hint": plain(shorten(clean(hint), 150))} if hint else {})


def read_input(element: Mapping[str, Any]) -> str:
    """What a submitted input holds; empty when it was left empty."""
    option: Mapping[str, Any] = element.get("selected_option") or {}
    return str(option.get("value") or element.get("value") or "").strip()


def default_text(parameter: Parameter) -> str | None:
    """A parameter's default as people type it."""
    return render(parameter.default) if parameter.default is not None else None


def _element(parameter: Parameter, value: str | None) -> dict[str, Any]:
    choices = _choices(parameter)
    if choices:
        options = {choice: _option(choice) for choice in choices}
        initial = {"initial_option": options[value]} if value in options else {}
        return {"type": "static_select", "options": list(options.values()), **initial}
    initial = {"initial_value": value} if value else {}
    if parameter.type in _NUMERIC:
        return {"type": "number_input", **_number(parameter), **initial}
    return {"type": "plain_text_input", "max_length": MAX_TEXT_CHARS, **initial}


def _choices(parameter: Parameter) -> tuple[str, ...]:
    """What a select offers; too many choices, or too long ones, are typed instead."""
    if parameter.type is ParameterType.BOOLEAN:
        return ("true", "false")
    texts = tuple(render(choice) for choice in parameter.choices)
    fit = len(texts) <= MAX_CHOICES and all(len(text) <= _OPTION_CHARS for text in texts)
    return texts if fit else ()


def _number(parameter: Parameter) -> dict[str, Any]:
    low, high = parameter.minimum, parameter.maximum
    limits = {"min_value": low, "max_value": high}
    texts = {name: f"{value:.15g}" for name, value in limits.items() if value is not None}
    return {"is_decimal_allowed": parameter.type is ParameterType.NUMBER, **texts}


def _label(parameter: Parameter) -> str:
    unit = f" ({parameter.unit})" if parameter.unit else ""
    return f"{parameter.name}{unit}: {clean(parameter.description)}"


def _limits(parameter: Parameter) -> str:
    limits: list[str] = []
    if parameter.pattern is not None and not parameter.choices:
        limits.append(f"must look like {parameter.pattern}")
    if parameter.minimum is not None:
        limits.append(f"at least {parameter.minimum:.15g}")
    if parameter.maximum is not None:
        limits.append(f"at most {parameter.maximum:.15g}")
    return ", ".join(limits)


def _option(text: str) -> dict[str, Any]:
    return {"text": plain(text), "value": text}


def plain(text: str) -> dict[str, Any]:
    """A text object without markup."""
    return {"type": "plain_text", "text": text}

"""The form that asks for the parameters of a runbook: typed inputs, with their limits as hints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runbooks.schema import Parameter, ParameterType, Runbook
from runbooks.values import MAX_TEXT_CHARS, render

from ..messages import ThreadRef
from ..skills.runbook.orders import UseRunbook
from ..skills.runbook.values import fault
from .blocks import section
from .mrkdwn import clean, escape, shorten

PARAMETERS_VIEW = "runbook_parameters"
MAX_CHOICES = 100
_MAX_ASKED_CHARS = 900
_OPTION_CHARS = 75
_NUMERIC = (ParameterType.INTEGER, ParameterType.NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """The form, filled in.

    Attributes:
        view_id: The same for every delivery of the same submission.
    """

    order: UseRunbook
    thread: ThreadRef
    view_id: str


def parameter_modal(runbook: Runbook, order: UseRunbook, thread: ThreadRef) -> Mapping[str, Any]:
    """Ask for every parameter; what was said, or is the default, stands there already."""
    private = {
        "runbook": runbook.name,
        "asked": order.asked[:_MAX_ASKED_CHARS],
        "channel_id": thread.channel_id,
        "thread_ts": thread.thread_ts,
    }
    inputs = [_input(each, order.values.get(each.name)) for each in runbook.parameters]
    intro = f"*{escape(runbook.title)}*\nThis makes a proposal; nothing runs before it is approved."
    return {
        "type": "modal",
        "callback_id": PARAMETERS_VIEW,
        "private_metadata": json.dumps(private, ensure_ascii=False),
        "title": _plain("Fill in a runbook"),
        "submit": _plain("Propose"),
        "close": _plain("Cancel"),
        "blocks": [section(intro), *inputs],
    }


def read_parameters(view: Mapping[str, Any]) -> FilledForm:
    """Read the submitted form; inputs left empty have no value."""
    private = json.loads(str(view["private_metadata"]))
    read = {name: _read(inputs[name]) for name, inputs in view["state"]["values"].items()}
    order = UseRunbook(
        name=str(private["runbook"]),
        values={str(name): value for name, value in read.items() if value},
        asked=str(private["asked"]),
    )
    thread = ThreadRef(str(private["channel_id"]), str(private["thread_ts"]))
    return FilledForm(order=order, thread=thread, view_id=str(view["id"]))


def form_faults(runbook: Runbook, order: UseRunbook) -> Mapping[str, str]:
    """What is wrong with the values, by the input that shows it; empty when nothing is."""
    faults: dict[str, str] = {}
    for parameter in runbook.parameters:
        value = order.values.get(parameter.name)
        if value is None:
            why = "is needed" if parameter.default is None else None
        else:
            why = fault(parameter, value)
        if why is not None:
            faults[parameter.name] = shorten(f"{why[:1].upper()}{why[1:]}.", 150)
    return faults


def with_defaults(runbook: Runbook, order: UseRunbook) -> UseRunbook:
    """The same with the default of every input that was left empty, so that nothing is re-read."""
    defaults = {p.name: render(p.default) for p in runbook.parameters if p.default is not None}
    return replace(order, values={**defaults, **order.values})


def _read(element: Mapping[str, Any]) -> str:
    option: Mapping[str, Any] = element.get("selected_option") or {}
    return str(option.get("value") or element.get("value") or "").strip()


def _input(parameter: Parameter, given: str | None) -> dict[str, Any]:
    default = render(parameter.default) if parameter.default is not None else None
    block: dict[str, Any] = {
        "type": "input",
        "block_id": parameter.name,
        "optional": parameter.default is not None,
        "label": _plain(shorten(_label(parameter), 150)),
        "element": {**_element(parameter, given or default), "action_id": parameter.name},
    }
    hint = _hint(parameter)
    return block | ({"hint": _plain(shorten(hint, 150))} if hint else {})


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


def _hint(parameter: Parameter) -> str:
    limits: list[str] = []
    if parameter.pattern is not None and not parameter.choices:
        limits.append(f"must look like {parameter.pattern}")
    if parameter.minimum is not None:
        limits.append(f"at least {parameter.minimum:.15g}")
    if parameter.maximum is not None:
        limits.append(f"at most {parameter.maximum:.15g}")
    return ", ".join(limits)


def _option(text: str) -> dict[str, Any]:
    return {"text": _plain(text), "value": text}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}

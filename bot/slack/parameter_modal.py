"""The form that asks for the parameters of a runbook: typed inputs, with their limits as hints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runbooks.schema import Runbook
from runbooks.values import render

from ..messages import ThreadRef
from ..skills.runbook.orders import UseRunbook
from ..skills.runbook.values import fault
from .blocks import section
from .mrkdwn import escape, shorten
from .parameter_fields import default_text, parameter_input, plain, read_input

PARAMETERS_VIEW = "runbook_parameters"
_MAX_ASKED_CHARS = 900


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
    inputs = [
        parameter_input(each, order.values.get(each.name, default_text(each)))
        for each in runbook.parameters
    ]
    intro = f"*{escape(runbook.title)}*\nThis makes a proposal; nothing runs before it is approved."
    return {
        "type": "modal",
        "callback_id": PARAMETERS_VIEW,
        "private_metadata": json.dumps(private, ensure_ascii=False),
        "title": plain("Fill in a runbook"),
        "submit": plain("Propose"),
        "close": plain("Cancel"),
        "blocks": [section(intro), *inputs],
    }


def read_parameters(view: Mapping[str, Any]) -> FilledForm:
    """Read the submitted form; inputs left empty have no value."""
    private = json.loads(str(view["private_metadata"]))
    read = {name: read_input(inputs[name]) for name, inputs in view["state"]["values"].items()}
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

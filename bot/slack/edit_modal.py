"""The form with a proposal's parameters, and the form that asks why glass must be broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.actions.output import safe_text
from runbooks.schema import Parameter, ParameterType
from runbooks.values import render

from ..amendments import EditForm
from ..messages import ThreadRef
from .mrkdwn import clean, shorten

EDIT_VIEW = "edit_proposal"
GLASS_VIEW = "break_glass"
_REASON = "reason"
_VALUE = "value"
_MAX_FIELDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledEdit:
    """The form, filled in.

    Attributes:
        values: By parameter; one that was left empty is left out.
    """

    proposal_id: int
    runbook: str
    thread: ThreadRef
    values: Mapping[str, str]
    hidden: frozenset[str]


def edit_modal(form: EditForm, thread: ThreadRef) -> Mapping[str, Any]:
    """Ask for every parameter; a value that holds a secret is not shown and stays if left empty."""
    proposal, given = form.case.proposal, form.case.proposal.plan.parameters
    shown = {
        name: text
        for name, value in given.items()
        if safe_text(text := render(value)) == text and clean(text) == text
    }
    parameters = form.runbook.parameters[:_MAX_FIELDS]
    hidden = [each.name for each in parameters if each.name in given and each.name not in shown]
    private = {
        "proposal_id": proposal.proposal_id,
        "runbook": form.runbook.name,
        "channel_id": thread.channel_id,
        "thread_ts": thread.thread_ts,
        "hidden": hidden,
    }
    return {
        "type": "modal",
        "callback_id": EDIT_VIEW,
        "private_metadata": json.dumps(private),
        "title": _plain(f"Edit #{proposal.proposal_id}"),
        "submit": _plain("Propose"),
        "close": _plain("Cancel"),
        "blocks": [_field(each, shown.get(each.name), each.name in hidden) for each in parameters],
    }


def read_edit(view: Mapping[str, Any]) -> FilledEdit:
    """Read the submitted form."""
    private = json.loads(str(view["private_metadata"]))
    values: dict[str, str] = {}
    for name, fields in view["state"]["values"].items():
        field: Mapping[str, Any] = fields[_VALUE]
        chosen: Mapping[str, Any] = field.get("selected_option") or {}
        text = str(field.get("value") or chosen.get("value") or "").strip()
        if text:
            values[str(name)] = text
    return FilledEdit(
        proposal_id=int(private["proposal_id"]),
        runbook=str(private["runbook"]),
        thread=ThreadRef(str(private["channel_id"]), str(private["thread_ts"])),
        values=values,
        hidden=frozenset(str(name) for name in private["hidden"]),
    )


def glass_modal(proposal_id: int, environment: str, thread: ThreadRef) -> Mapping[str, Any]:
    """Ask why rules and freezes must be set aside."""
    private = {
        "proposal_id": proposal_id,
        "environment": environment,
        "channel_id": thread.channel_id,
        "thread_ts": thread.thread_ts,
    }
    field = {
        "type": "plain_text_input",
        "action_id": _REASON,
        "multiline": True,
        "max_length": 500,
    }
    return {
        "type": "modal",
        "callback_id": GLASS_VIEW,
        "private_metadata": json.dumps(private),
        "title": _plain("Break glass"),
        "submit": _plain("Ask"),
        "close": _plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": _REASON,
                "label": _plain(shorten(f"Why in {clean(environment)}?", 2000)),
                "hint": _plain("Posted here and audited. A second person must confirm."),
                "element": field,
            }
        ],
    }


def read_glass(view: Mapping[str, Any]) -> tuple[int, str, ThreadRef, str]:
    """Read the submitted form: proposal id, environment, its thread, the reason."""
    private = json.loads(str(view["private_metadata"]))
    reason = view["state"]["values"][_REASON][_REASON].get("value") or ""
    thread = ThreadRef(str(private["channel_id"]), str(private["thread_ts"]))
    return int(private["proposal_id"]), str(private["environment"]), thread, str(reason).strip()


def _field(parameter: Parameter, value: str | None, is_hidden: bool) -> dict[str, Any]:
    hint = _hint(parameter)
    if is_hidden:
        hint = f"{hint} Its value is not shown; leave this empty to keep it."
    return {
        "type": "input",
        "block_id": parameter.name,
        "label": _plain(shorten(parameter.name, 2000)),
        "hint": _plain(shorten(clean(hint), 2000)),
        "optional": is_hidden or parameter.default is not None,
        "element": {**_element(parameter, value), "action_id": _VALUE},
    }


def _element(parameter: Parameter, value: str | None) -> dict[str, Any]:
    choices = [render(choice) for choice in parameter.choices]
    if parameter.type is ParameterType.BOOLEAN:
        choices = ["true", "false"]
    if not choices or len(choices) > 100 or any(len(each) > 75 for each in choices):
        text = {"type": "plain_text_input", "max_length": 500}
        return {**text, "initial_value": value} if value is not None else text
    options = [{"text": _plain(choice), "value": choice} for choice in choices]
    chosen = [option for option in options if option["value"] == value]
    select = {"type": "static_select", "options": options}
    return {**select, "initial_option": chosen[0]} if chosen else select


def _hint(parameter: Parameter) -> str:
    unit = f" in {parameter.unit}" if parameter.unit else ""
    limits = [
        f"at least {parameter.minimum:g}" if parameter.minimum is not None else "",
        f"at most {parameter.maximum:g}" if parameter.maximum is not None else "",
        f"like {parameter.pattern}" if parameter.pattern is not None else "",
    ]
    kind = ", ".join([f"{parameter.type.value}{unit}", *(limit for limit in limits if limit)])
    return f"{parameter.description} ({kind})."


def _plain(text: str) -> Mapping[str, Any]:
    return {"type": "plain_text", "text": text}

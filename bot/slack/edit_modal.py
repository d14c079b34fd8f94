"""The form with a proposal's parameters, and the form that asks why glass must be broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.actions.output import safe_text
from runbooks.values import render

from ..amendments import EditForm
from ..messages import ThreadRef
from .mrkdwn import clean, shorten
from .parameter_fields import parameter_input, plain, read_input

EDIT_VIEW = "edit_proposal"
GLASS_VIEW = "break_glass"
_REASON = "reason"
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
        "title": plain(f"Edit #{proposal.proposal_id}"),
        "submit": plain("Propose"),
        "close": plain("Cancel"),
        "blocks": [
            parameter_input(each, shown.get(each.name), is_kept=each.name in hidden)
            for each in parameters
        ],
    }


def read_edit(view: Mapping[str, Any]) -> FilledEdit:
    """Read the submitted form."""
    private = json.loads(str(view["private_metadata"]))
    read = {name: read_input(inputs[name]) for name, inputs in view["state"]["values"].items()}
    return FilledEdit(
        proposal_id=int(private["proposal_id"]),
        runbook=str(private["runbook"]),
        thread=ThreadRef(str(private["channel_id"]), str(private["thread_ts"])),
        values={str(name): text for name, text in read.items() if text},
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
        "title": plain("Break glass"),
        "submit": plain("Ask"),
        "close": plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": _REASON,
                "label": plain(shorten(f"Why in {clean(environment)}?", 2000)),
                "hint": plain("Posted here and audited. A second person must confirm."),
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

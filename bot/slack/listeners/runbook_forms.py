"""The form for a runbook's parameters: opened by a button, checked when it is submitted."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from runbooks.schema import Runbook

from ...messages import Intent
from ...skills.runbook.actions import FORM_ACTION
from ...skills.runbook.orders import UseRunbook, order_text, read_order
from ..parameter_modal import (
    PARAMETERS_VIEW,
    form_faults,
    parameter_modal,
    read_parameters,
    with_defaults,
)
from ..surface import Surface
from ..web import SlackCallError
from .clicks import where, who


def register(app: AsyncApp, surface: Surface) -> None:
    """Attach the button and the submission."""

    @app.action(re.compile(f"^{FORM_ACTION}"))
    async def handle_fill_in(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        fault = await _open(surface, body, read_order(str(action["value"])))
        if fault:
            thread = where(body)
            await surface.web.whisper(thread.channel_id, thread.thread_ts, who(body)[0], fault)

    @app.view(PARAMETERS_VIEW)
    async def handle_parameters(
        ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        form = read_parameters(view)
        runbook = _runbook(surface, form.order)
        faults = form_faults(runbook, form.order) if runbook is not None else _gone(view)
        if faults:
            await ack(response_action="errors", errors=dict(faults))
            return
        await ack()
        order = with_defaults(runbook, form.order) if runbook is not None else form.order
        user_id, team_id = who(body)
        text = order_text(order)
        surface.take_order(user_id, team_id, form.thread, form.view_id, Intent.RUNBOOK, text)


async def _open(surface: Surface, body: Mapping[str, Any], order: UseRunbook | None) -> str:
    """Open the form; what to tell the person when that cannot be."""
    runbook = _runbook(surface, order) if order is not None else None
    if order is None or runbook is None:
        return "That runbook is not known any more; ask again."
    try:
        modal = parameter_modal(runbook, order, where(body))
        await surface.web.open_view(str(body["trigger_id"]), modal)
    except SlackCallError as exc:
        return f"The form could not be opened ({exc.error}); click again."
    return ""


def _runbook(surface: Surface, order: UseRunbook) -> Runbook | None:
    return surface.catalog.runbooks.get(order.name) if surface.catalog is not None else None


def _gone(view: Mapping[str, Any]) -> Mapping[str, str]:
    """The fault that is shown, under the first input, when the runbook is gone."""
    first = next(iter(view["state"]["values"]), "")
    return {str(first): "This runbook is not known any more; close the form and ask again."}

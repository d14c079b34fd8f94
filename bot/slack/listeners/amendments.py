"""Edit, Undo and Break glass: their buttons and their forms."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from ..cards import CONFIRM_GLASS_ACTION, EDIT_ACTION, GLASS_ACTION, UNDO_ACTION
from ..edit_modal import EDIT_VIEW, GLASS_VIEW, read_edit, read_glass
from ..surface import Surface
from .clicks import message_text, where, who


def register(app: AsyncApp, surface: Surface) -> None:
    """Attach the listeners."""

    @app.action(EDIT_ACTION)
    async def handle_edit(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        trigger_id, number = str(body["trigger_id"]), int(action["value"])
        surface.amend(
            lambda clicks: clicks.open_edit(trigger_id, number, who(body)[0], where(body))
        )

    @app.action(UNDO_ACTION)
    async def handle_undo(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        surface.amend(lambda clicks: clicks.undo(int(action["value"]), *who(body), where(body)))

    @app.action(GLASS_ACTION)
    async def handle_glass(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        trigger_id, number = str(body["trigger_id"]), int(action["value"])
        surface.amend(
            lambda clicks: clicks.open_glass(trigger_id, number, who(body)[0], where(body))
        )

    @app.action(CONFIRM_GLASS_ACTION)
    async def handle_confirm(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        surface.amend(
            lambda clicks: clicks.confirm_glass(
                str(action["value"]), *who(body), where(body), message_text(body)
            )
        )

    @app.view(EDIT_VIEW)
    async def handle_edited(
        ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        filled = read_edit(view)
        faults = surface.edit_faults(filled)
        if faults:
            await ack(response_action="errors", errors=faults)
            return
        await ack()
        surface.amend(lambda clicks: clicks.edit(filled, *who(body)))

    @app.view(GLASS_VIEW)
    async def handle_asked(ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        await ack()
        surface.amend(lambda clicks: clicks.ask_glass(read_glass(view), *who(body)))

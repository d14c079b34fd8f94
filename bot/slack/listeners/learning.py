"""A thread's summary: its buttons and its form; files of the knowledge channel that go."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from ...skills.learn.actions import NOTE_ACTION
from ..note_modal import NOTE_VIEW, TEXT, TITLE, read_note
from ..surface import Surface
from .clicks import message_ts, where, who


def register(app: AsyncApp, surface: Surface) -> None:
    """Attach the listeners."""

    @app.action(re.compile(f"^{NOTE_ACTION}"))
    async def handle_note_button(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        value, ts, trigger_id = str(action["value"]), message_ts(body), str(body["trigger_id"])
        clicked, thread = who(body), where(body)
        surface.learn(lambda clicks: clicks.press(value, clicked, thread, ts, trigger_id))

    @app.view(NOTE_VIEW)
    async def handle_note_edited(
        ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        filled = read_note(view)
        missing = {TITLE: filled.title, TEXT: filled.text}
        errors = {name: "Say something here." for name, text in missing.items() if not text}
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        await ack()
        clicked = who(body)
        surface.learn(lambda clicks: clicks.change(filled, clicked))

    @app.event("file_deleted")
    async def handle_file_deleted(event: Mapping[str, Any]) -> None:
        surface.file_gone(str(event.get("file_id") or ""))

"""The slash command: the same as a mention, answered in a thread of its own."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from ..incoming import plain
from ..surface import Surface

COMMAND = "/opsbot"


def register(app: AsyncApp, surface: Surface, bot_user_id: str) -> None:
    """Attach the command listener."""

    @app.command(COMMAND)
    async def handle_command(ack: AsyncAck, command: Mapping[str, Any]) -> None:
        text = plain(str(command.get("text") or ""), bot_user_id)
        if not text:
            await ack("Say what you need, for example `/opsbot why is checkout failing?`")
            return
        await ack()
        surface.ask_in_channel(str(command["user_id"]), str(command["channel_id"]), text)

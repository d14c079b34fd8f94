"""Message shortcuts: a person points at a message and asks what is in it."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from ..shortcut import parse_shortcut
from ..surface import Surface
from .clicks import who

ANALYSE_SHORTCUT = "analyse_message"


def register(app: AsyncApp, surface: Surface, bot_user_id: str) -> None:
    """Attach the shortcut listener."""

    @app.message_shortcut(ANALYSE_SHORTCUT)
    async def handle_analyse(ack: AsyncAck, body: Mapping[str, Any], respond: AsyncRespond) -> None:
        await ack()

        async def tell(text: str) -> None:
            await respond(text, response_type="ephemeral", replace_original=False)

        _, team_id = who(body)
        surface.analyse(parse_shortcut(body, bot_user_id), team_id, tell)

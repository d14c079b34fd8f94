"""Message shortcuts: a person points at a message and asks what is in it."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from ..incident_intake import parse_pointed_at
from ..shortcut import parse_shortcut
from ..surface import Surface
from .clicks import who

ANALYSE_SHORTCUT = "analyse_message"
INCIDENT_SHORTCUT = "add_to_incident"


def register(app: AsyncApp, surface: Surface, bot_user_id: str) -> None:
    """Attach the shortcut listeners."""

    @app.message_shortcut(ANALYSE_SHORTCUT)
    async def handle_analyse(ack: AsyncAck, body: Mapping[str, Any], respond: AsyncRespond) -> None:
        await ack()

        async def tell(text: str) -> None:
            await respond(text, response_type="ephemeral", replace_original=False)

        _, team_id = who(body)
        surface.analyse(parse_shortcut(body, bot_user_id), team_id, tell)

    @app.message_shortcut(INCIDENT_SHORTCUT)
    async def handle_add(ack: AsyncAck, body: Mapping[str, Any], respond: AsyncRespond) -> None:
        await ack()

        async def tell(text: str) -> None:
            await respond(text, response_type="ephemeral", replace_original=False)

        pointed_at, clicked = parse_pointed_at(body, bot_user_id), who(body)
        surface.mark_for_incident(lambda intake: intake.add(pointed_at, clicked, tell))

"""Submitted modals."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from ..mark_modal import MARK_VIEW, REASON, read_mark
from ..modals import REJECT_VIEW, read_reject
from ..surface import Surface
from .clicks import who


def register(app: AsyncApp, surface: Surface) -> None:
    """Attach the view listeners."""

    @app.view(REJECT_VIEW)
    async def handle_reject_submission(
        ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        await ack()
        proposal_id, thread, reason = read_reject(view)
        user_id, team_id = who(body)
        surface.decide(lambda clicks: clicks.reject(proposal_id, user_id, team_id, thread, reason))

    @app.view(MARK_VIEW)
    async def handle_mark_submission(
        ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        filled = read_mark(view)
        if not filled.order.reason:
            await ack(response_action="errors", errors={REASON: "Say why; others will wonder."})
            return
        await ack()
        user_id, team_id = who(body)
        surface.mark_log_message(filled, user_id, team_id)

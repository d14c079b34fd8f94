"""Buttons. The person is the one Slack authenticated for this click."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from ...dispatch import ROUTE_ACTION
from ...messages import Intent
from ...skills.logs.actions import MARK_ACTION, ORDER_ACTION
from ...skills.runbook.actions import CHOOSE_ACTION
from ...skills.schedule.actions import SCHEDULE_ACTION
from ...store.feedback import Feedback, Verdict
from ...store.route_corrections import RouteCorrection
from ..blocks import FEEDBACK_ACTION
from ..cards import (
    APPROVE_ACTION,
    DONE_ACTION,
    FAILED_ACTION,
    PREVIEW_ACTION,
    REJECT_ACTION,
    STOP_ACTION,
)
from ..modals import reject_modal
from ..surface import Surface
from ..web import SlackCallError
from . import runbook_forms
from .clicks import message_text, where, who


def register(app: AsyncApp, surface: Surface) -> None:
    """Attach the action listeners."""

    @app.action(APPROVE_ACTION)
    async def handle_approve(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        user_id, team_id = who(body)
        proposal_id, thread = int(action["value"]), where(body)
        surface.decide(lambda clicks: clicks.approve(proposal_id, user_id, team_id, thread))

    @app.action(REJECT_ACTION)
    async def handle_reject(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        try:
            modal = reject_modal(int(action["value"]), where(body))
            await surface.web.open_view(str(body["trigger_id"]), modal)
        except SlackCallError as exc:
            await surface.web.whisper(
                where(body).channel_id,
                where(body).thread_ts,
                who(body)[0],
                f"The form could not be opened ({exc.error}); click again.",
            )

    @app.action(PREVIEW_ACTION)
    async def handle_preview(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        user_id, team_id = who(body)
        proposal_id, thread = int(action["value"]), where(body)
        surface.decide(lambda clicks: clicks.preview(proposal_id, user_id, team_id, thread))

    _register_run_clicks(app, surface)
    _register_orders(app, surface, SCHEDULE_ACTION, Intent.SCHEDULE)
    _register_orders(app, surface, ORDER_ACTION, Intent.LOGS)
    _register_orders(app, surface, CHOOSE_ACTION, Intent.RUNBOOK)
    _register_answers(app, surface)
    runbook_forms.register(app, surface)


def _register_run_clicks(app: AsyncApp, surface: Surface) -> None:
    """Buttons on the card of a run that goes on."""

    @app.action(STOP_ACTION)
    async def handle_stop(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        user_id, team_id = who(body)
        proposal_id, thread = int(action["value"]), where(body)
        surface.decide(lambda clicks: clicks.stop(proposal_id, user_id, team_id, thread))

    @app.action(re.compile(f"^({DONE_ACTION}|{FAILED_ACTION})$"))
    async def handle_manual_answer(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        user_id, team_id = who(body)
        number, _, step_id = str(action["value"]).partition(" ")
        ok = str(action["action_id"]) == DONE_ACTION
        step, thread = (int(number), step_id), where(body)
        surface.decide(lambda clicks: clicks.confirm(step, user_id, team_id, thread, ok=ok))


def _register_orders(app: AsyncApp, surface: Surface, prefix: str, intent: Intent) -> None:
    """Buttons whose value is an order in words to one skill."""

    @app.action(re.compile(f"^{prefix}"))
    async def handle_order(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        ts = str(action["action_ts"])
        surface.choose(who(body)[0], where(body), ts, intent, str(action["value"]))


def _register_answers(app: AsyncApp, surface: Surface) -> None:
    @app.action(re.compile(f"^{ROUTE_ACTION}"))
    async def handle_route_choice(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        intent, _, text = str(action["value"]).partition("\n")
        ts = str(action["action_ts"])
        user_id, now = who(body)[0], datetime.now(UTC)
        correction = RouteCorrection(text=text, intent=intent, user_id=user_id, at=now)
        surface.record_correction(correction)
        surface.choose(user_id, where(body), ts, Intent(intent), text)

    @app.action(re.compile(f"^{MARK_ACTION}"))
    async def handle_log_mark(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        trigger_id = str(body["trigger_id"])
        surface.open_mark_form(trigger_id, who(body)[0], where(body), str(action["value"]))

    @app.action(FEEDBACK_ACTION)
    async def handle_feedback(
        ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        await ack()
        verdict, _, request_id = str(action["value"]).partition(" ")
        surface.record_feedback(
            Feedback(
                request_id=request_id,
                user_id=who(body)[0],
                verdict=Verdict(verdict),
                question="",
                answer=message_text(body),
                created_at=datetime.now(UTC),
            )
        )

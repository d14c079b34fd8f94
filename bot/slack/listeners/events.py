"""Mentions, direct messages, follow-ups in threads, the Stop button, the Home tab."""
# Bolt's decorators and Slack's payloads are untyped.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnusedFunction=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from ...messages import ThreadRef
from ..home import home_blocks
from ..incoming import Incoming, mentions, parse_event, parse_retraction
from ..surface import Surface
from ..web import SlackCallError


def register(app: AsyncApp, surface: Surface, bot_user_id: str, *, thread_follow_ups: bool) -> None:
    """Attach the event listeners."""

    @app.event("app_mention")
    async def handle_app_mention(event: Mapping[str, Any]) -> None:
        # NOTE: in a direct message the `message` event carries the same text.
        incoming = parse_event(event, bot_user_id)
        if incoming is not None and not incoming.is_direct:
            is_meant = mentions(str(event.get("text") or ""), bot_user_id)
            _take_mention(surface, incoming, is_meant=is_meant)

    @app.event("message")
    async def handle_message(event: Mapping[str, Any]) -> None:
        retraction = parse_retraction(event, bot_user_id)
        if retraction is not None:
            surface.retract(retraction)
        incoming = parse_event(event, bot_user_id)
        if incoming is None:
            return
        if incoming.is_direct:
            surface.receive(incoming, addressed=True)
        elif f"<@{bot_user_id}" in str(event.get("text")):
            return  # it also arrives as `app_mention`
        elif surface.takes_documents(incoming):
            surface.index_files(incoming)
        elif thread_follow_ups:
            surface.receive(incoming, addressed=False)
        else:
            surface.overhear(incoming)

    _register_agent_events(app, surface)


def _take_mention(surface: Surface, incoming: Incoming, *, is_meant: bool) -> None:
    """Answer a mention; one inside pasted code is what people say to one another."""
    if is_meant:
        surface.receive(incoming, addressed=True)
    else:
        surface.overhear(incoming)


def _register_agent_events(app: AsyncApp, surface: Surface) -> None:
    @app.event("agent_session_stopped")
    async def handle_agent_session_stopped(event: Mapping[str, Any]) -> None:
        surface.stop_thread(ThreadRef(str(event.get("channel")), str(event.get("thread_ts"))))

    @app.event("app_home_opened")
    async def handle_app_home_opened(event: Mapping[str, Any]) -> None:
        if event.get("tab") == "home":
            try:
                await surface.web.publish_home(str(event["user"]), home_blocks())
            except SlackCallError:
                # The workspace has no Home tab for this app; everything else works without it.
                return

"""Bolt listeners: acknowledge, parse, hand over. Nothing here waits for work to be done."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from ..surface import Surface
from . import actions, amendments, commands, events, learning, shortcuts, views


def register(app: AsyncApp, surface: Surface, *, bot_user_id: str, thread_follow_ups: bool) -> None:
    """Attach every listener.

    Args:
        bot_user_id: Its mention is removed from texts.
        thread_follow_ups: Answer messages without a mention in threads the bot takes part in.
    """
    events.register(app, surface, bot_user_id, thread_follow_ups=thread_follow_ups)
    actions.register(app, surface)
    amendments.register(app, surface)
    views.register(app, surface)
    commands.register(app, surface, bot_user_id)
    shortcuts.register(app, surface, bot_user_id)
    learning.register(app, surface)

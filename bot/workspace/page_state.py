"""What the page starts with; afterwards it only gets changes."""

from __future__ import annotations

from .core import Core
from .json_values import JsonObject
from .posting import status_entry
from .records import Channel, User
from .seed import SHORTCUTS, TEAM_NAME
from .views import view_payload

SLASH_COMMAND = "/opsbot"


def page_state(core: Core) -> JsonObject:
    """The whole workspace."""
    state = core.state
    return {
        "team": TEAM_NAME,
        "bot": core.bot_user_id,
        "command": SLASH_COMMAND,
        "shortcuts": list(SHORTCUTS),
        "now": state.now(),
        "connections": core.sockets.n_connections,
        "users": [_user(user) for user in state.users.values()],
        "groups": [core.wire.group(group) for group in state.groups.values()],
        "channels": [_channel(channel) for channel in state.channels.values()],
        "messages": [core.posting.page_message(message) for message in state.messages()],
        "statuses": [status_entry(status) for status in state.statuses()],
        "homes": state.homes,
        "views": [
            {"user": view.user_id, "view": view_payload(view)}
            for view in core.views.all()
            if view is core.views.top(view.user_id)
        ],
        "traffic": core.traffic.entries(),
    }


def _user(user: User) -> JsonObject:
    return {
        "id": user.user_id,
        "handle": user.handle,
        "name": user.name,
        "title": user.title,
        "role": user.role,
        "tz": user.timezone,
        "colour": user.colour,
        "is_bot": user.is_bot,
    }


def _channel(channel: Channel) -> JsonObject:
    return {
        "id": channel.channel_id,
        "name": channel.name,
        "topic": channel.topic,
        "purpose": channel.purpose,
        "members": list(channel.member_ids),
        "im_user": channel.im_user_id,
        "prompts": list(channel.prompts),
    }

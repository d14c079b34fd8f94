"""Who the bot is, and how it connects."""

from __future__ import annotations

from ..json_values import JsonObject
from ..seed import APP_ID, BOT_ID, TEAM_ID, TEAM_NAME
from .call import Call, Method


def api_test(call: Call) -> JsonObject:
    """api.test: echoes its arguments."""
    return {"args": call.arguments}


def auth_test(call: Call) -> JsonObject:
    """auth.test: the bot's own ids."""
    return {
        "url": f"{call.core.wire.base_url}/",
        "team": TEAM_NAME,
        "team_id": TEAM_ID,
        "user": call.core.state.users[call.core.bot_user_id].handle,
        "user_id": call.core.bot_user_id,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> JsonObject:
    """apps.connections.open: the address of a Socket Mode websocket, good for one use."""
    address = call.core.wire.base_url.replace("http://", "ws://", 1)
    return {"url": f"{address}/link/?ticket={call.core.sockets.issue_ticket()}&app_id={APP_ID}"}


def team_info(call: Call) -> JsonObject:
    """team.info."""
    del call
    return {"team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": "acme"}}


METHODS: dict[str, Method] = {
    "api.test": api_test,
    "apps.connections.open": connections_open,
    "auth.test": auth_test,
    "team.info": team_info,
}

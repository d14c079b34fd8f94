"""People and user groups."""

from __future__ import annotations

from ..errors import ApiError
from ..json_values import JsonObject
from ..records import UserGroup
from .call import Call, Method


def info(call: Call) -> JsonObject:
    """users.info."""
    user = call.core.state.users.get(call.required("user", "user_not_found"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": call.core.wire.user(user)}


def listing(call: Call) -> JsonObject:
    """users.list."""
    members = [call.core.wire.user(user) for user in call.core.state.users.values()]
    return {"members": members, "response_metadata": {"next_cursor": ""}}


def groups(call: Call) -> JsonObject:
    """usergroups.list."""
    found = [call.core.wire.group(group) for group in call.core.state.groups.values()]
    if not call.flag("include_users"):
        found = [{key: value for key, value in g.items() if key != "users"} for g in found]
    return {"usergroups": found}


def group_users(call: Call) -> JsonObject:
    """usergroups.users.list."""
    group: UserGroup | None = call.core.state.groups.get(call.required("usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group.user_ids)}


METHODS: dict[str, Method] = {
    "usergroups.list": groups,
    "usergroups.users.list": group_users,
    "users.info": info,
    "users.list": listing,
}

"""Modals and home tabs."""

from __future__ import annotations

from ..blocks import checked_view
from ..errors import ApiError
from ..json_values import JsonObject
from ..records import View
from ..seed import APP_ID
from ..views import home_view_id, view_payload
from .call import Call, Method


def open_view(call: Call) -> JsonObject:
    """views.open: needs a trigger id that is fresh and unused."""
    spec = checked_view(call.get("view"), ("modal",))
    user_id = call.core.triggers.redeem(_trigger(call))
    return _shown(call, call.core.views.open(user_id, spec))


def push(call: Call) -> JsonObject:
    """views.push."""
    spec = checked_view(call.get("view"), ("modal",))
    user_id = call.core.triggers.redeem(_trigger(call))
    return _shown(call, call.core.views.push(user_id, spec))


def update(call: Call) -> JsonObject:
    """views.update: by `view_id` or `external_id`."""
    spec = checked_view(call.get("view"), ("modal", "home"))
    view_id = call.text("view_id")
    if not view_id:
        known = call.core.views.with_external_id(call.required("external_id"))
        if known is None:
            raise ApiError("not_found")
        view_id = known.view_id
    return _shown(call, call.core.views.update(view_id, spec, call.text("hash") or None))


def publish(call: Call) -> JsonObject:
    """views.publish: a person's home tab."""
    spec = checked_view(call.get("view"), ("home",))
    user_id = call.required("user_id")
    if user_id not in call.core.state.users:
        raise ApiError("user_not_found")
    call.core.state.homes[user_id] = spec
    call.core.changes.announce("home", user=user_id, view=spec)
    return {"view": {**spec, "id": home_view_id(user_id), "app_id": APP_ID}}


def _trigger(call: Call) -> str:
    trigger = call.text("trigger_id") or call.text("interactivity_pointer")
    if not trigger:
        raise ApiError("invalid_trigger_id")
    return trigger


def _shown(call: Call, view: View) -> JsonObject:
    payload = view_payload(view)
    call.core.changes.announce("view", user=view.user_id, view=payload)
    return {"view": payload}


METHODS: dict[str, Method] = {
    "views.open": open_view,
    "views.publish": publish,
    "views.push": push,
    "views.update": update,
}

"""Status lines, suggested prompts and agent sessions."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ApiError
from ..json_values import JsonObject, is_array, objects
from ..records import Status
from .call import Call, Method

_LOADING_LIMIT = 10
_PROMPT_LIMIT = 4
_SESSION_STATES = {"processing", "active", "suspended", "closed"}


def set_status(call: Call) -> JsonObject:
    """assistant.threads.setStatus: an empty status removes the line."""
    channel = call.joined_channel("channel_id")
    thread_ts = call.required("thread_ts")
    loading = call.get("loading_messages")
    if is_array(loading) and len(loading) > _LOADING_LIMIT:
        raise ApiError("invalid_arguments", "[ERROR] no more than 10 loading messages")
    if "status" not in call.arguments:
        raise ApiError("invalid_arguments", "[ERROR] missing required field: status")
    call.core.posting.set_status(
        Status(
            channel_id=channel.channel_id,
            thread_ts=thread_ts,
            text=call.text("status"),
            expires_at=call.core.state.now() + call.core.timing.status_ttl_s,
            loading_messages=tuple(map(str, loading)) if is_array(loading) else (),
        )
    )
    return {}


def set_prompts(call: Call) -> JsonObject:
    """assistant.threads.setSuggestedPrompts: shown in an empty direct message."""
    channel = call.joined_channel("channel_id")
    prompts = [str(prompt.get("message", "")) for prompt in objects(call.get("prompts"))]
    if not prompts or len(prompts) > _PROMPT_LIMIT or not all(prompts):
        raise ApiError("invalid_arguments", "[ERROR] between 1 and 4 prompts with a message")
    state = call.core.state
    state.channels[channel.channel_id] = replace(channel, prompts=tuple(prompts))
    call.core.changes.announce("prompts", channel=channel.channel_id, prompts=prompts)
    return {}


def set_title(call: Call) -> JsonObject:
    """assistant.threads.setTitle: accepted, this page shows no titles."""
    call.joined_channel("channel_id")
    call.required("thread_ts")
    call.required("title")
    return {}


def set_session_status(call: Call) -> JsonObject:
    """agents.sessions.setStatus."""
    call.joined_channel("channel_id")
    call.required("thread_ts")
    if call.required("status") not in _SESSION_STATES:
        raise ApiError("invalid_status")
    if call.core.events.wants("agent_session_stopped"):
        return {}
    return {"warning": "missing_agent_session_stopped_event_subscription"}


METHODS: dict[str, Method] = {
    "agents.sessions.setStatus": set_session_status,
    "assistant.threads.setStatus": set_status,
    "assistant.threads.setSuggestedPrompts": set_prompts,
    "assistant.threads.setTitle": set_title,
}

"""What people do with buttons, modals and slash commands, as Slack tells the bot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .blocks import checked_view
from .core import Core
from .errors import ApiError, PageError
from .json_values import JsonObject, is_object, objects
from .records import Channel, Message, User, View
from .seed import APP_ID, SHORTCUTS, TEAM_DOMAIN, TEAM_ID
from .views import home_view_id, view_payload

_MENTION = re.compile(r"<([@#])([A-Z0-9]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody used an interactive element.

    Attributes:
        selection: What the element adds to the action, for example {"selected_option": {...}}.
        values: What the inputs around it hold, by block id and action id.
    """

    user_id: str
    block_id: str
    action_id: str
    selection: JsonObject
    values: JsonObject


class Interactions:
    """Sends interactions to the bot and carries out what its acks ask for.

    Every method may raise DeliveryError: nobody took the envelope.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    async def press(self, press: Press, channel_id: str, ts: str) -> None:
        """Use an element of a message.

        Raises:
            PageError: There is no such message or element.
        """
        message = self._core.state.message(channel_id, ts)
        if message is None:
            raise PageError("This message no longer exists.")
        action = self._action(press, message.blocks)
        payload = self._message_payload(press, message)
        await self._core.sockets.send_interaction("interactive", {**payload, "actions": [action]})

    async def shortcut(self, user_id: str, channel_id: str, ts: str, callback_id: str) -> None:
        """Use a message shortcut of the app.

        Raises:
            PageError: There is no such message or shortcut.
        """
        message = self._core.state.message(channel_id, ts)
        if message is None or message.ephemeral_to is not None:
            raise PageError("This message no longer exists.")
        if callback_id not in {shortcut["callback_id"] for shortcut in SHORTCUTS}:
            raise PageError("The app has no such shortcut.")
        channel = self._core.state.channels[channel_id]
        payload: JsonObject = {
            **self._common("message_action", user_id),
            "callback_id": callback_id,
            "action_ts": self._core.state.timestamps.next(),
            "message_ts": ts,
            "channel": _named(channel),
            "message": self._core.wire.message(message),
            "response_url": self._core.response_urls.issue(channel_id, user_id, ts),
        }
        await self._core.sockets.send_interaction("interactive", payload)

    async def press_in_view(self, press: Press, view_id: str) -> None:
        """Use an element of a modal or of a home tab.

        Raises:
            PageError: There is no such modal or element.
        """
        home = self._core.state.homes.get(press.user_id)
        is_home = home is not None and view_id == home_view_id(press.user_id)
        view = _home_view(press.user_id, home) if is_home and home else self._view(view_id)
        action = self._action(press, tuple(objects(view.spec["blocks"])))
        payload: JsonObject = {
            **self._common("block_actions", press.user_id),
            "container": {"type": "view", "view_id": view_id},
            "view": view_payload(view, press.values),
            "actions": [action],
        }
        await self._core.sockets.send_interaction("interactive", payload)

    async def submit(self, view_id: str, values: JsonObject) -> JsonObject:
        """Submit a modal.

        Returns:
            Complaints by block id; empty when the modal was accepted.

        Raises:
            PageError: There is no such modal.
        """
        view = self._view(view_id)
        payload: JsonObject = {
            **self._common("view_submission", view.user_id),
            "view": view_payload(view, values),
            "response_urls": [],
        }
        answer = await self._core.sockets.send_interaction("interactive", payload)
        return self._settle(view, answer)

    async def dismiss(self, view_id: str) -> None:
        """Close a modal; the bot hears of it when it asked to.

        Raises:
            PageError: There is no such modal.
        """
        view = self._view(view_id)
        self._core.views.close(view)
        self._show_top(view.user_id)
        if view.spec.get("notify_on_close"):
            payload: JsonObject = {
                **self._common("view_closed", view.user_id),
                "view": view_payload(view),
                "is_cleared": False,
            }
            await self._core.sockets.send_interaction("interactive", payload)

    async def command(self, user: User, channel: Channel, command: str, text: str) -> None:
        """Run a slash command; what the ack says is shown to the person."""
        payload: JsonObject = {
            "token": "local",
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel.channel_id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user.user_id,
            "user_name": user.handle,
            "command": command,
            "text": _MENTION.sub(self._escaped, text),
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._core.response_urls.issue(channel.channel_id, user.user_id),
            "trigger_id": self._core.triggers.issue(user.user_id),
        }
        answer = await self._core.sockets.send_interaction("slash_commands", payload)
        if answer.get("text") or answer.get("blocks"):
            self._core.posting.post(
                self._core.response_urls.message(channel.channel_id, user.user_id, answer)
            )

    def _settle(self, view: View, answer: JsonObject) -> JsonObject:
        """Do what the ack of a submission asks for."""
        action = answer.get("response_action")
        views = self._core.views
        if action == "errors":
            errors = answer.get("errors")
            return errors if is_object(errors) else {}
        if action == "clear":
            views.clear(view.user_id)
        elif action == "update":
            views.update(view.view_id, self._answered_view(answer))
        elif action == "push":
            views.push(view.user_id, self._answered_view(answer))
        else:
            views.close(view)
        self._show_top(view.user_id)
        return {}

    def _answered_view(self, answer: JsonObject) -> JsonObject:
        try:
            return checked_view(answer.get("view"), ("modal",))
        except ApiError as exc:
            raise PageError(f"opsbot answered with a broken modal: {exc.messages}") from exc

    def _show_top(self, user_id: str) -> None:
        top = self._core.views.top(user_id)
        view = view_payload(top) if top else None
        self._core.changes.announce("view", user=user_id, view=view)

    def _view(self, view_id: str) -> View:
        view = self._core.views.find(view_id)
        if view is None:
            raise PageError("This window was closed meanwhile.")
        return view

    def _common(self, kind: str, user_id: str) -> JsonObject:
        user = self._core.state.users[user_id]
        return {
            "type": kind,
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "user": {
                "id": user.user_id,
                "username": user.handle,
                "name": user.handle,
                "team_id": user.team_id,
            },
            "api_app_id": APP_ID,
            "token": "local",
            "trigger_id": self._core.triggers.issue(user_id),
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _message_payload(self, press: Press, message: Message) -> JsonObject:
        channel = self._core.state.channels[message.channel_id]
        is_ephemeral = message.ephemeral_to is not None
        urls = self._core.response_urls
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel_id,
            "is_ephemeral": is_ephemeral,
        }
        if message.thread_ts is not None:
            container["thread_ts"] = message.thread_ts
        payload: JsonObject = {
            **self._common("block_actions", press.user_id),
            "container": container,
            "channel": _named(channel),
            "state": {"values": press.values},
            "response_url": urls.issue(message.channel_id, press.user_id, message.ts),
        }
        if not is_ephemeral:  # Slack sends no message with an ephemeral one
            payload["message"] = self._core.wire.message(message)
        return payload

    def _action(self, press: Press, blocks: tuple[JsonObject, ...]) -> JsonObject:
        element = _find_element(blocks, press.block_id, press.action_id)
        if element is None:
            raise PageError("This button is no longer there.")
        action: JsonObject = {
            "type": element["type"],
            "action_id": press.action_id,
            "block_id": press.block_id,
            "action_ts": self._core.state.timestamps.next(),
            **press.selection,
        }
        if element["type"] == "button":
            action["text"] = element["text"]
            if "value" in element:
                action["value"] = element["value"]
        return action

    def _escaped(self, match: re.Match[str]) -> str:
        sign, name = match.groups()
        state = self._core.state
        known = state.users.get(name) if sign == "@" else None
        channel = state.channels.get(name) if sign == "#" else None
        label = known.handle if known else channel.name if channel else ""
        return f"<{sign}{name}|{label}>" if label else match.group(0)


def _named(channel: Channel) -> JsonObject:
    name = "directmessage" if channel.is_im else channel.name
    return {"id": channel.channel_id, "name": name}


def _home_view(user_id: str, spec: JsonObject) -> View:
    view_id = home_view_id(user_id)
    return View(view_id=view_id, user_id=user_id, spec=spec, revision="home", root_view_id=view_id)


def _find_element(
    blocks: tuple[JsonObject, ...], block_id: str, action_id: str
) -> JsonObject | None:
    for block in blocks:
        if block.get("block_id") != block_id:
            continue
        candidates = objects(block.get("elements"))
        candidates += [e for e in (block.get("accessory"), block.get("element")) if is_object(e)]
        for element in candidates:
            if element.get("action_id") == action_id:
                return element
    return None

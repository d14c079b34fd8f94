"""The manifest asks Slack for what the code uses: no less, and nothing more."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any, cast

import pytest
import yaml
from slack_bolt.async_app import AsyncApp

from bot.slack.listeners import register
from bot.slack.surface import Surface
from bot.workspace.seed import SHORTCUTS

SCOPES_OF_METHODS = {
    "assistant_threads_setStatus": {"assistant:write"},
    "auth_test": set[str](),
    "chat_getPermalink": set[str](),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_info": set[str](),  # of channels: see the optional scopes
    "conversations_replies": {"im:history"},
    "files_upload_v2": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "views_open": set[str](),
    "views_publish": set[str](),
}
SCOPES_OF_EVENTS = {
    "agent_session_stopped": {"assistant:write"},
    "app_home_opened": set[str](),
    "app_mention": {"app_mentions:read"},
    "file_deleted": {"files:read"},
    "message.channels": {"channels:history", "channels:read"},
    "message.groups": {"groups:history", "groups:read"},
    "message.im": {"im:history"},
}
FOLLOW_UP_EVENTS = {"message.channels", "message.groups"}
FOLLOW_UP_SCOPES = {"channels:history", "groups:history", "channels:read", "groups:read"}


class RecordingApp:
    """Takes listeners as Bolt does and remembers what they listen to."""

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.commands: set[str] = set()
        self.shortcuts: set[str] = set()

    def event(self, name: str) -> Callable[[object], object]:
        self.events.add(name)
        return lambda listener: listener

    def command(self, name: str) -> Callable[[object], object]:
        self.commands.add(name)
        return lambda listener: listener

    def message_shortcut(self, name: str) -> Callable[[object], object]:
        self.shortcuts.add(name)
        return lambda listener: listener

    def action(self, _constraint: str | re.Pattern[str]) -> Callable[[object], object]:
        return lambda listener: listener

    def view(self, _constraint: str | re.Pattern[str]) -> Callable[[object], object]:
        return lambda listener: listener


def text() -> str:
    return files("bot.slack").joinpath("manifest.yaml").read_text(encoding="utf-8")


def with_follow_ups() -> str:
    """The manifest as an operator edits it: the optional entries uncommented."""
    return re.sub(r"^(\s+)# (- \S+)$", r"\1\2", text(), flags=re.MULTILINE)


def parse(source: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(source)
    return parsed


def scopes(manifest: dict[str, Any]) -> set[str]:
    return set(manifest["oauth_config"]["scopes"]["bot"])


def events(manifest: dict[str, Any]) -> set[str]:
    return set(manifest["settings"]["event_subscriptions"]["bot_events"])


def used_methods() -> set[str]:
    """Names of the Web API methods that the bot's only Slack client file calls."""
    source = files("bot.slack").joinpath("web.py").read_text(encoding="utf-8")
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and ast.unparse(call.value) == "self.client"
    }


@pytest.fixture
def listening() -> RecordingApp:
    app = RecordingApp()
    surface = cast("Surface", object())
    register(cast("AsyncApp", app), surface, bot_user_id="U0BOT", thread_follow_ups=True)
    return app


def test_every_event_that_is_listened_to_is_subscribed_and_no_other(
    listening: RecordingApp,
) -> None:
    subscribed = {name.partition(".")[0] for name in events(parse(text()))}
    assert subscribed == listening.events


def test_every_command_that_is_listened_to_is_declared_and_no_other(
    listening: RecordingApp,
) -> None:
    declared = parse(text())["features"]["slash_commands"]
    assert {command["command"] for command in declared} == listening.commands
    assert all(command["should_escape"] for command in declared)


def test_every_shortcut_that_is_listened_to_is_declared_and_no_other(
    listening: RecordingApp,
) -> None:
    declared = parse(text())["features"]["shortcuts"]
    assert {shortcut["callback_id"] for shortcut in declared} == listening.shortcuts
    assert {shortcut["type"] for shortcut in declared} == {"message"}
    assert all(len(shortcut["name"]) <= 24 for shortcut in declared)


def test_the_local_workspace_offers_the_same_shortcuts() -> None:
    declared = parse(text())["features"]["shortcuts"]
    offered = [(shortcut["callback_id"], shortcut["name"]) for shortcut in SHORTCUTS]
    assert offered == [(shortcut["callback_id"], shortcut["name"]) for shortcut in declared]


@pytest.mark.parametrize("source", [text(), with_follow_ups()], ids=["lean", "with follow-ups"])
def test_scopes_are_those_of_the_methods_events_and_files_in_use(source: str) -> None:
    manifest = parse(source)
    # Commands have a scope of their own; uploads are fetched with the bot's token.
    needed = {"commands", "files:read"}
    for method in used_methods():
        needed |= SCOPES_OF_METHODS[method]
    for event in events(manifest):
        needed |= SCOPES_OF_EVENTS[event]
    assert scopes(manifest) == needed


def test_reading_channels_is_off_until_its_lines_are_uncommented() -> None:
    lean, full = parse(text()), parse(with_follow_ups())
    assert events(full) - events(lean) == FOLLOW_UP_EVENTS
    assert scopes(full) - scopes(lean) == FOLLOW_UP_SCOPES


def test_the_app_connects_by_socket_and_takes_clicks_and_direct_messages() -> None:
    manifest = parse(text())
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_read_only_enabled"] is False


def test_texts_fit_the_lengths_that_slack_allows() -> None:
    manifest = parse(text())
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    agent = manifest["features"]["agent_view"]
    assert len(agent["agent_description"]) <= 300
    assert len(agent["suggested_prompts"]) <= 4

"""Connections break, acks are late, calls are refused: as with Slack, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Timing, Workspace, running_workspace, seed
from bot.workspace.faults import Fault
from bot.workspace.interactions import Press

Connect = Callable[[Workspace, Callable[[Any], None]], AbstractAsyncContextManager[Any]]
MENTION = f"<@{seed.BOT_USER_ID}> hello"


def echo(app: Any) -> None:
    """Answers every mention with a word."""

    @app.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text=f"echo {event['ts']}", thread_ts=event["ts"])

    @app.event("message")
    async def heard() -> None:
        pass


async def answered(workspace: Workspace) -> None:
    asked = workspace.people.say(seed.MAYA, seed.INCIDENTS, MENTION)
    await workspace.wait_for_message(lambda m: m.text == f"echo {asked.ts}")


async def test_an_event_without_an_ack_is_sent_again_with_its_retry_number(
    connect: Connect,
) -> None:
    timing = Timing(ack_timeout_s=0.2, redelivery_delays_s=(0.0, 0.1))
    headers: list[list[str | None]] = []
    async with running_workspace(timing=timing) as workspace:

        def listen(app: Any) -> None:
            @app.middleware
            async def slow(req: Any, next: Any) -> None:
                names = ("x-slack-retry-num", "x-slack-retry-reason")
                headers.append([(req.headers.get(name) or [None])[0] for name in names])
                if len(headers) == 1:
                    await asyncio.sleep(0.4)
                await next()

            echo(app)

        async with connect(workspace, listen):
            channel = seed.direct_channel_id(seed.MAYA)
            workspace.people.say(seed.MAYA, channel, "hello")
            await workspace.wait_for(lambda: len(headers) >= 2 or None)
            await workspace.wait_for(
                lambda: any(d.acknowledged_ms for d in workspace.traffic.deliveries) or None
            )
    assert headers[1] == ["1", "timeout"]
    ids = {delivery.payload["event_id"] for delivery in workspace.traffic.deliveries}
    assert len(ids) == 1


async def test_a_cut_connection_comes_back(workspace: Workspace, connect: Connect) -> None:
    async with connect(workspace, echo):
        await answered(workspace)
        workspace.drop_sockets()
        await answered(workspace)


async def test_a_refreshed_connection_comes_back(workspace: Workspace, connect: Connect) -> None:
    async with connect(workspace, echo):
        await workspace.refresh_sockets()
        await answered(workspace)


async def test_of_two_bots_one_gets_each_event(workspace: Workspace, connect: Connect) -> None:
    async with connect(workspace, echo), connect(workspace, echo):
        await workspace.wait_for(lambda: workspace.core.sockets.n_connections == 2 or None)
        await answered(workspace)
        await answered(workspace)
    answers = [m for m in workspace.state.messages() if m.text.startswith("echo")]
    assert len(answers) == 2


async def test_a_ticket_opens_one_socket(workspace: Workspace, connect: Connect) -> None:
    async with connect(workspace, echo):
        used = workspace.traffic.calls_of("apps.connections.open")[0].response["url"]
    async with aiohttp.ClientSession() as web:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await web.ws_connect(used)


async def test_a_rate_limited_call_is_repeated_after_the_wait(
    workspace: Workspace, connect: Connect
) -> None:
    async with connect(workspace, echo):
        workspace.inject(
            Fault(
                method="chat.postMessage",
                error="ratelimited",
                status=429,
                headers={"Retry-After": "1"},
            )
        )
        await answered(workspace)
    statuses = [call.status for call in workspace.traffic.calls_of("chat.postMessage")]
    assert statuses == [429, 200]


async def test_slacks_own_rate_limits_are_enforced_when_asked() -> None:
    async with running_workspace(rate_limited=True) as workspace:
        client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        with pytest.raises(SlackApiError) as refused:
            for number in range(30):
                await client.chat_postMessage(channel=seed.GENERAL, text=str(number))
    assert "ratelimited" in str(refused.value)
    assert workspace.traffic.calls[-1].status == 429


@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": seed.GENERAL, "text": " "}, "no_text"),
        (
            "chat.postMessage",
            {"channel": seed.GENERAL, "text": "x", "thread_ts": "1.000001"},
            "thread_not_found",
        ),
        (
            "chat.postMessage",
            {"channel": seed.GENERAL, "text": "x", "blocks": [{"type": "nope"}]},
            "invalid_blocks",
        ),
        ("chat.update", {"channel": seed.GENERAL, "ts": "1.000001"}, "message_not_found"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("views.open", {"trigger_id": "x", "view": {"type": "home"}}, "invalid_arguments"),
        ("reactions.add", {"channel": seed.GENERAL, "name": "x"}, "message_not_found"),
        ("files.upload", {}, "unknown_method"),
    ],
)
async def test_wrong_calls_get_slacks_error_codes(
    workspace: Workspace, call: str, arguments: dict[str, Any], error: str
) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    with pytest.raises(SlackApiError, match=error):
        await client.api_call(call, json=arguments)


async def test_tokens_are_checked(workspace: Workspace) -> None:
    for token, error in (
        ("xoxb-wrong", "invalid_auth"),
        (workspace.app_token, "not_allowed_token_type"),
    ):
        client: Any = AsyncWebClient(token=token, base_url=workspace.api_url)
        with pytest.raises(SlackApiError, match=error):
            await client.auth_test()


async def test_users_and_channels_tell_guests_and_partners_apart(workspace: Workspace) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    guest = (await client.users_info(user=seed.GUEST))["user"]
    partner = (await client.users_info(user=seed.PARTNER))["user"]
    assert (guest["is_restricted"], guest["team_id"]) == (True, seed.TEAM_ID)
    assert (partner["is_stranger"], partner["team_id"]) == (True, seed.PARTNER_TEAM_ID)
    channel = (await client.conversations_info(channel=seed.INCIDENTS))["channel"]
    assert (channel["is_im"], channel["is_member"]) == (False, True)
    group = await client.usergroups_users_list(usergroup=seed.DB_ONCALL)
    assert group["users"] == list(seed.APPROVERS)


async def test_a_second_equal_reaction_is_refused(workspace: Workspace) -> None:
    client: Any = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    said = workspace.people.say(seed.MAYA, seed.GENERAL, "hi")
    place = {"channel": seed.GENERAL, "timestamp": said.ts, "name": "eyes"}
    await client.reactions_add(**place)
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(**place)


async def test_after_a_restart_history_and_old_buttons_still_work(
    tmp_path: Path, connect: Connect
) -> None:
    path = tmp_path / "workspace.json"
    button = {
        "type": "button",
        "action_id": "go",
        "text": {"type": "plain_text", "text": "Go"},
        "value": "1",
    }
    async with running_workspace(state_path=path) as first:
        client: Any = AsyncWebClient(token=first.bot_token, base_url=first.api_url)
        card = [{"type": "actions", "block_id": "b", "elements": [button]}]
        posted = await client.chat_postMessage(channel=seed.GENERAL, text="card", blocks=card)
        old_page = first.url.split("/w/")[1]
    clicked: list[str] = []

    def listen(app: Any) -> None:
        @app.action("go")
        async def go(ack: Any, action: dict[str, Any]) -> None:
            await ack()
            clicked.append(action["value"])

    async with running_workspace(state_path=path) as second, connect(second, listen):
        press = Press(user_id=seed.JONAS, block_id="b", action_id="go", selection={}, values={})
        await second.interactions.press(press, seed.GENERAL, str(posted["ts"]))
        assert second.url.split("/w/")[1] == old_page
    assert clicked == ["1"]

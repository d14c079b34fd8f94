"""A real Bolt application talks with people: mentions, buttons, modals, commands, files."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from bot.workspace import Timing, Workspace, running_workspace, seed
from bot.workspace.errors import DeliveryError, PageError
from bot.workspace.interactions import Press
from bot.workspace.records import Message

Connect = Callable[[Workspace, Callable[[Any], None]], AbstractAsyncContextManager[Any]]
MENTION = f"<@{seed.BOT_USER_ID}> why is checkout failing?"


def no_listeners(app: Any) -> None:
    """For tests that only call the Web API."""
    del app


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def card(*names: str) -> list[dict[str, Any]]:
    buttons = [
        {"type": "button", "text": plain(name), "action_id": name, "value": "214"} for name in names
    ]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Proposal*"}}
    return [section, {"type": "actions", "block_id": "decide", "elements": buttons}]


def press(user_id: str, action_id: str) -> Press:
    return Press(user_id=user_id, block_id="decide", action_id=action_id, selection={}, values={})


def bot_messages(workspace: Workspace) -> list[Message]:
    return [m for m in workspace.state.messages() if m.bot_id is not None]


def events(workspace: Workspace) -> list[dict[str, Any]]:
    """Acknowledged events."""
    done = (d for d in workspace.traffic.deliveries if d.acknowledged_ms is not None)
    return [delivery.payload["event"] for delivery in done]


async def posted_card(workspace: Workspace, app: Any, *names: str) -> Message:
    root = workspace.people.say(seed.MAYA, seed.INCIDENTS, "restart it")
    await app.client.chat_postMessage(
        channel=seed.INCIDENTS, thread_ts=root.ts, text="Proposal", blocks=card(*names)
    )
    return bot_messages(workspace)[-1]


async def test_a_mention_is_answered_in_its_thread(workspace: Workspace, connect: Connect) -> None:
    seen: list[dict[str, Any]] = []

    def listen(app: Any) -> None:
        @app.event("app_mention")
        async def answer(event: dict[str, Any], say: Any) -> None:
            seen.append(event)
            await say(
                text="3 findings", thread_ts=event["ts"], unfurl_links=False, unfurl_media=False
            )

        @app.event("message")
        async def heard(event: dict[str, Any]) -> None:
            seen.append(event)

    async with connect(workspace, listen):
        asked = workspace.people.say(seed.MAYA, seed.INCIDENTS, MENTION)
        answer = await workspace.wait_for_message(lambda m: m.text == "3 findings")
        await workspace.wait_for(lambda: len(events(workspace)) == 3 or None)
    assert answer.thread_ts == asked.ts
    assert (answer.unfurl_links, answer.unfurl_media) == (False, False)
    kinds = sorted((event["type"], event.get("bot_id", "")) for event in events(workspace))
    assert kinds == [("app_mention", ""), ("message", ""), ("message", seed.BOT_ID)]
    assert {event["ts"] for event in seen} == {asked.ts}


async def test_a_direct_message_needs_no_mention(workspace: Workspace, connect: Connect) -> None:
    def listen(app: Any) -> None:
        @app.event("message")
        async def answer(event: dict[str, Any], say: Any) -> None:
            if event["channel_type"] == "im":
                await say(f"to {event['user']}")

    async with connect(workspace, listen):
        workspace.people.say(seed.PRIYA, seed.direct_channel_id(seed.PRIYA), "hello")
        await workspace.wait_for_message(lambda m: m.text == f"to {seed.PRIYA}")


async def test_a_button_opens_a_modal_whose_errors_and_answer_come_back(
    workspace: Workspace, connect: Connect
) -> None:
    def listen(app: Any) -> None:
        @app.action("reject")
        async def open_modal(ack: Any, body: dict[str, Any], client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal(body))

        @app.view("why")
        async def submitted(ack: Any, view: dict[str, Any], client: Any) -> None:
            reason = view["state"]["values"]["reason"]["v"]["value"]
            if reason == "no":
                await ack(response_action="errors", errors={"reason": "Say more."})
                return
            await ack()
            place = json.loads(view["private_metadata"])
            await client.chat_update(**place, text=f"rejected: {reason}")

    def modal(body: dict[str, Any]) -> dict[str, Any]:
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        entry = {"type": "plain_text_input", "action_id": "v"}
        block = {"type": "input", "block_id": "reason", "label": plain("Why"), "element": entry}
        common = {"type": "modal", "callback_id": "why", "private_metadata": json.dumps(place)}
        return {**common, "title": plain("Reject"), "submit": plain("Send"), "blocks": [block]}

    def filled(text: str) -> dict[str, Any]:
        return {"reason": {"v": {"type": "plain_text_input", "value": text}}}

    async with connect(workspace, listen) as app:
        shown = await posted_card(workspace, app, "approve", "reject")
        await workspace.interactions.press(press(seed.JONAS, "reject"), seed.INCIDENTS, shown.ts)
        view = await workspace.wait_for(lambda: workspace.core.views.top(seed.JONAS))
        errors = await workspace.interactions.submit(view.view_id, filled("no"))
        assert errors == {"reason": "Say more."}
        assert workspace.core.views.top(seed.JONAS) == view
        assert await workspace.interactions.submit(view.view_id, filled("backup runs")) == {}
        assert workspace.core.views.top(seed.JONAS) is None
        edited = await workspace.wait_for_message(lambda m: m.text == "rejected: backup runs")
    assert edited.blocks == ()


async def test_respond_is_only_seen_by_the_one_who_clicked(
    workspace: Workspace, connect: Connect
) -> None:
    def listen(app: Any) -> None:
        @app.action("approve")
        async def refuse(ack: Any, respond: Any) -> None:
            await ack()
            await respond(text="not you", response_type="ephemeral", replace_original=False)

    async with connect(workspace, listen) as app:
        shown = await posted_card(workspace, app, "approve")
        await workspace.interactions.press(press(seed.MAYA, "approve"), seed.INCIDENTS, shown.ts)
        refusal = await workspace.wait_for_message(lambda m: m.text == "not you")
        assert (refusal.ephemeral_to, refusal.thread_ts) == (seed.MAYA, shown.thread_ts)
        history = await app.client.conversations_replies(
            channel=seed.INCIDENTS, ts=str(shown.thread_ts)
        )
    assert [m["text"] for m in history["messages"]] == ["restart it", "Proposal"]


async def test_a_response_url_replaces_deletes_and_runs_out(
    workspace: Workspace, connect: Connect
) -> None:
    urls: list[str] = []

    def listen(app: Any) -> None:
        @app.action("approve")
        async def remember(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            urls.append(body["response_url"])

    async with connect(workspace, listen) as app, httpx.AsyncClient(trust_env=False) as web:
        shown = await posted_card(workspace, app, "approve")
        await workspace.interactions.press(press(seed.JONAS, "approve"), seed.INCIDENTS, shown.ts)
        (url,) = urls
        answer = await web.post(url, json={"replace_original": True, "text": "done"})
        assert (answer.status_code, answer.text) == (200, "ok")
        replaced = workspace.state.message(seed.INCIDENTS, shown.ts)
        assert replaced is not None
        assert (replaced.text, replaced.blocks) == ("done", ())
        for _ in range(4):
            await web.post(url, json={"text": "more"})
        assert (await web.post(url, json={"text": "sixth"})).status_code == 404


async def test_a_click_nobody_acknowledges_is_reported_and_never_repeated(
    connect: Connect,
) -> None:
    def listen(app: Any) -> None:
        @app.action("approve")
        async def forgetful() -> None:
            pass

    async with running_workspace(timing=Timing(ack_timeout_s=0.3)) as workspace:
        async with connect(workspace, listen) as app:
            shown = await posted_card(workspace, app, "approve")
            with pytest.raises(DeliveryError, match="did not answer"):
                await workspace.interactions.press(
                    press(seed.JONAS, "approve"), seed.INCIDENTS, shown.ts
                )
        with pytest.raises(DeliveryError, match="not connected"):
            await workspace.interactions.press(
                press(seed.JONAS, "approve"), seed.INCIDENTS, shown.ts
            )
    clicks = [d for d in workspace.traffic.deliveries if d.kind == "interactive"]
    assert len(clicks) == 2


async def test_a_button_that_was_removed_cannot_be_clicked(
    workspace: Workspace, connect: Connect
) -> None:
    async with connect(workspace, no_listeners) as app:
        shown = await posted_card(workspace, app, "approve")
        await app.client.chat_update(channel=seed.INCIDENTS, ts=shown.ts, text="expired")
        with pytest.raises(PageError, match="no longer there"):
            await workspace.interactions.press(
                press(seed.JONAS, "approve"), seed.INCIDENTS, shown.ts
            )


async def test_a_slash_command_is_answered_in_its_ack_and_carries_escaped_mentions(
    workspace: Workspace, connect: Connect
) -> None:
    def listen(app: Any) -> None:
        @app.command("/opsbot")
        async def command(ack: Any, command: dict[str, Any]) -> None:
            await ack(text=command["text"].replace("<", "[").replace(">", "]"))

    async with connect(workspace, listen):
        user = workspace.people.user(seed.MAYA)
        channel = workspace.people.channel(seed.MAYA, seed.GENERAL)
        await workspace.interactions.command(user, channel, "/opsbot", f"ask <@{seed.JONAS}>")
        answer = await workspace.wait_for_message(lambda m: m.text.startswith("ask"))
    assert answer.text == f"ask [@{seed.JONAS}|jonas]"
    assert answer.ephemeral_to == seed.MAYA


async def test_files_go_both_ways(workspace: Workspace, connect: Connect) -> None:
    async with connect(workspace, no_listeners) as app:
        await app.client.files_upload_v2(
            channel=seed.GENERAL, content="line 1\n", filename="tail.log", title="Tail"
        )
        uploaded = await workspace.wait_for_message(lambda m: bool(m.file_ids))
        assert workspace.state.contents[uploaded.file_ids[0]] == b"line 1\n"
        mine = workspace.people.upload(seed.MAYA, "../etc/app.log", b"ERROR x")
        workspace.people.say(seed.MAYA, seed.GENERAL, "see", None, (mine.file_id,))
        asked = await app.client.files_info(file=mine.file_id)
        token = {"Authorization": f"Bearer {workspace.bot_token}"}
        async with httpx.AsyncClient(trust_env=False) as web:
            address = asked["file"]["url_private"]
            assert (await web.get(address, headers=token)).content == b"ERROR x"
            assert (await web.get(address)).status_code == 403
    assert mine.name == "app.log"


async def test_a_status_line_lasts_until_the_bot_posts(
    workspace: Workspace, connect: Connect
) -> None:
    async with connect(workspace, no_listeners) as app:
        root = workspace.people.say(seed.MAYA, seed.GENERAL, "hm")
        place = {"channel_id": seed.GENERAL, "thread_ts": root.ts}
        await app.client.assistant_threads_setStatus(**place, status="is thinking")
        assert [status.text for status in workspace.state.statuses()] == ["is thinking"]
        await app.client.chat_postMessage(channel=seed.GENERAL, thread_ts=root.ts, text="so")
        assert workspace.state.statuses() == []


async def test_stop_and_home_reach_the_bot(workspace: Workspace, connect: Connect) -> None:
    seen: list[str] = []

    def listen(app: Any) -> None:
        @app.event("agent_session_stopped")
        async def stopped(event: dict[str, Any]) -> None:
            seen.append(event["thread_ts"])

        @app.event("app_home_opened")
        async def opened(event: dict[str, Any], client: Any) -> None:
            seen.append(event["tab"])
            view = {"type": "home", "blocks": [{"type": "divider"}]}
            await client.views_publish(user_id=event["user"], view=view)

    async with connect(workspace, listen):
        workspace.people.stop(seed.MAYA, seed.GENERAL, "1.000001")
        workspace.people.open_home(seed.MAYA, "home")
        await workspace.wait_for(lambda: workspace.state.homes.get(seed.MAYA))
        await workspace.wait_for(lambda: len(seen) == 2 or None)
    assert sorted(seen) == ["1.000001", "home"]


async def test_a_stream_grows_stops_and_dies_of_age(workspace: Workspace, connect: Connect) -> None:
    async with connect(workspace, no_listeners) as app:
        root = workspace.people.say(seed.MAYA, seed.GENERAL, "stream")
        place = {"channel": seed.GENERAL, "thread_ts": root.ts}
        with pytest.raises(SlackApiError, match="missing_recipient"):
            await app.client.chat_startStream(**place, markdown_text="a")
        stream = await app.client.chat_stream(
            **place,
            recipient_team_id=seed.TEAM_ID,
            recipient_user_id=seed.MAYA,
            buffer_size=1,
        )
        await stream.append(markdown_text="one ")
        await stream.append(markdown_text="two")
        await stream.stop(blocks=card("more"))
        done = bot_messages(workspace)[-1]
        assert done.text == "one two"
        assert [block["type"] for block in done.blocks] == ["markdown", "section", "actions"]
        with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
            await app.client.chat_appendStream(channel=seed.GENERAL, ts=done.ts, markdown_text="x")

"""The bot hears people talk only in its own threads, and never other bots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from slack_bolt.async_app import AsyncApp

from bot.desk import Desk
from bot.dispatch import Dispatcher
from bot.messages import Actor, ActorKind, ThreadRef
from bot.slack.listeners import register
from bot.slack.people import People
from bot.slack.posting import EditPacer
from bot.slack.surface import Surface
from bot.slack.web import SlackWeb
from bot.store.feedback import FeedbackBook
from bot.thread_talk import Remark
from runbooks.errors import DirectoryError

OURS = ThreadRef("C1", "1.0")
EVENT: Mapping[str, Any] = {
    "type": "message",
    "user": "U1",
    "channel": "C1",
    "channel_type": "channel",
    "ts": "1.5",
    "thread_ts": "1.0",
    "text": "<@U2> it is the table of <#C2|eu-ops> &amp; UTC",
}


class FakeDispatcher:
    def __init__(self) -> None:
        self.heard: list[tuple[ThreadRef, Remark]] = []
        self.retracted: list[tuple[ThreadRef, str, str]] = []

    def overhear(self, thread: ThreadRef, remark: Remark) -> None:
        self.heard.append((thread, remark))

    def retract(self, thread: ThreadRef, ts: str, text: str) -> None:
        self.retracted.append((thread, ts, text))


class FakePeople:
    def __init__(self) -> None:
        self.kind = ActorKind.MEMBER

    async def actor(self, user_id: str) -> Actor:
        if user_id == "U404":
            raise DirectoryError("U404 is a deactivated account")
        return Actor(user_id=user_id, team_id="T1", name="Maya", kind=self.kind)


class FakeThreads:
    def takes_part(self, thread: ThreadRef) -> bool:
        return thread == OURS


class OneListener:
    """Takes listeners as Bolt does and calls the one for messages."""

    def __init__(self) -> None:
        self.events: dict[str, Callable[[Mapping[str, Any]], Any]] = {}

    def event(self, name: str) -> Callable[[Callable[[Mapping[str, Any]], Any]], object]:
        return lambda listener: self.events.setdefault(name, listener)

    def command(self, _name: str) -> Callable[[object], object]:
        return lambda listener: listener

    action = view = message_shortcut = command


class Bench:
    def __init__(self, *, thread_follow_ups: bool) -> None:
        self.dispatcher, self.people = FakeDispatcher(), FakePeople()
        self.app = OneListener()
        self.surface = Surface(
            web=cast("SlackWeb", object()),
            people=cast("People", self.people),
            pacer=cast("EditPacer", object()),
            dispatcher=cast("Dispatcher", self.dispatcher),
            desk=cast("Desk", object()),
            feedback=cast("FeedbackBook", object()),
            threads=FakeThreads(),
        )
        register(
            cast("AsyncApp", self.app),
            self.surface,
            bot_user_id="U0BOT",
            thread_follow_ups=thread_follow_ups,
        )

    async def send(self, **changes: object) -> list[tuple[ThreadRef, Remark]]:
        await self.app.events["message"]({**EVENT, **changes})
        await self.surface.drain(5.0)
        return self.dispatcher.heard


@pytest.mark.parametrize("thread_follow_ups", [True, False])
async def test_a_message_to_somebody_else_in_our_thread_is_heard_as_plain_text(
    thread_follow_ups: bool,
) -> None:
    heard = await Bench(thread_follow_ups=thread_follow_ups).send()
    assert heard == [
        (OURS, Remark(ts="1.5", author="Maya", text="@U2 it is the table of #eu-ops & UTC"))
    ]


async def test_a_message_to_nobody_is_heard_when_follow_ups_need_a_mention() -> None:
    heard = await Bench(thread_follow_ups=False).send(text="it is the EU table")
    assert [remark.text for _, remark in heard] == ["it is the EU table"]


@pytest.mark.parametrize(
    "changes",
    [
        {"thread_ts": "7.0"},
        {"thread_ts": None},
        {"bot_id": "B1"},
        {"user": "U404"},
        {"text": ""},
        {"text": "<@U0BOT> why is it failing?"},
        {"subtype": "channel_join"},
    ],
    ids=["other thread", "no thread", "bot", "unknown", "empty", "mention", "joined"],
)
async def test_anything_else_is_not_heard(changes: dict[str, object]) -> None:
    assert await Bench(thread_follow_ups=False).send(**changes) == []


@pytest.mark.parametrize("kind", [ActorKind.EXTERNAL, ActorKind.BOT])
async def test_strangers_are_not_heard(kind: ActorKind) -> None:
    bench = Bench(thread_follow_ups=False)
    bench.people.kind = kind
    assert await bench.send() == []


async def test_pasted_text_is_left_out() -> None:
    heard = await Bench(thread_follow_ups=False).send(text="see this\n```\none\ntwo\n```")
    assert [remark.text for _, remark in heard] == ["see this"]


async def test_deletions_and_edits_are_passed_on() -> None:
    bench = Bench(thread_follow_ups=False)
    before = {**EVENT, "text": "secret"}
    await bench.send(
        subtype="message_deleted", user=None, ts="2.0", deleted_ts="1.5", previous_message=before
    )
    after = {**before, "text": "nothing"}
    await bench.send(
        subtype="message_changed", user=None, ts="2.1", previous_message=before, message=after
    )
    assert bench.dispatcher.retracted == [(OURS, "1.5", ""), (OURS, "1.5", "nothing")]
    assert bench.dispatcher.heard == []

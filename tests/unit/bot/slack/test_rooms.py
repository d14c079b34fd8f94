"""A channel is public only when Slack says so in every respect; a thread names its authors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from bot.messages import Actor, ThreadRef
from bot.skills.learn.skill import RoomError
from bot.slack.people import People
from bot.slack.rooms import SlackRooms, is_public_channel
from bot.slack.web import SlackCallError, SlackWeb
from runbooks.errors import DirectoryError

PUBLIC = {"is_channel": True, "is_private": False, "is_ext_shared": False, "is_shared": False}


@pytest.mark.parametrize(
    ("channel", "public"),
    [
        (PUBLIC, True),
        ({**PUBLIC, "is_private": True}, False),
        ({**PUBLIC, "is_ext_shared": True}, False),
        ({**PUBLIC, "is_pending_ext_shared": True}, False),
        ({**PUBLIC, "is_shared": True}, False),
        ({**PUBLIC, "is_mpim": True}, False),
        ({"is_im": True}, False),
        ({"is_channel": True}, False),
        ({}, False),
    ],
)
def test_anything_but_a_plain_public_channel_is_closed(
    channel: Mapping[str, Any], public: bool
) -> None:
    assert is_public_channel(channel) is public


class Web:
    def __init__(self, *messages: Mapping[str, Any], error: str = "") -> None:
        self.messages = messages
        self.error = error

    async def replies(self, channel_id: str, thread_ts: str, limit: int) -> list[Mapping[str, Any]]:
        self._fail()
        return list(self.messages)

    async def channel(self, channel_id: str) -> Mapping[str, Any]:
        self._fail()
        return PUBLIC

    async def permalink(self, channel_id: str, ts: str) -> str:
        self._fail()
        return "https://acme.example/p1"

    def _fail(self) -> None:
        if self.error:
            raise SlackCallError("a.method", self.error)


class Directory:
    async def actor(self, user_id: str) -> Actor:
        if user_id == "U9":
            raise DirectoryError("gone")
        return Actor(user_id=user_id, team_id="T1", name=f"name of {user_id}")


def rooms(*messages: Mapping[str, Any], error: str = "") -> SlackRooms:
    web = cast("SlackWeb", Web(*messages, error=error))
    return SlackRooms(web, cast("People", Directory()), "UBOT")


async def test_a_thread_names_its_authors_and_who_spoke_to_the_bot() -> None:
    found = await rooms(
        {"ts": "1.0", "user": "U1", "text": "it &lt;fails&gt;"},
        {"ts": "2.0", "user": "U9", "text": "<@UBOT> why?"},
        {"ts": "3.0", "user": "UBOT", "bot_id": "B1", "text": "<@UBOT> because"},
    ).thread(ThreadRef("C1", "1.0"))
    assert [(one.author, one.text, one.is_bot, one.is_asked) for one in found] == [
        ("name of U1", "it <fails>", False, False),
        ("somebody", "why?", False, True),
        ("name of UBOT", "because", True, False),
    ]


async def test_when_slack_does_not_answer_nothing_is_public_and_nothing_is_read() -> None:
    away = rooms(error="missing_scope")
    assert await away.is_public("C1") is False
    assert await away.permalink(ThreadRef("C1", "1.0")) == ""
    with pytest.raises(RoomError, match="channels:history"):
        await away.thread(ThreadRef("C1", "1.0"))
    assert await rooms().is_public("C1") is True

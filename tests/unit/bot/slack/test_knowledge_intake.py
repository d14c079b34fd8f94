"""Files of the knowledge channel are taken once, and whatever is wrong with one is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bot.messages import Actor, ThreadRef
from bot.slack.blocks import Block
from bot.slack.incoming import Incoming, Upload
from bot.slack.knowledge_intake import KnowledgeIntake
from bot.slack.people import People
from bot.slack.web import SlackCallError, SlackWeb
from bot.upload_desk import MAX_BYTES, PostedFile, UploadDesk


class Web:
    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.said: list[str] = []

    async def post(
        self, channel_id: str, thread_ts: str, text: str, blocks: Sequence[Block]
    ) -> str:
        self.said.append(text)
        return "9.0"

    async def download(self, url: str, limit_bytes: int) -> bytes:
        if self.is_away:
            raise SlackCallError("file download", "unreachable")
        return b"# A <!channel>\n"

    async def permalink(self, channel_id: str, ts: str) -> str:
        return "https://acme.example/p1"


class Everybody:
    async def actor(self, user_id: str) -> Actor:
        return Actor(user_id=user_id, team_id="T1", name="Maya")


class Desk:
    def __init__(self) -> None:
        self.taken: list[PostedFile] = []

    async def take(self, posted: PostedFile) -> str:
        self.taken.append(posted)
        return "1 new passage, found by <everybody>."


class Seen(set[str]):
    def first_sight(self, key: str, at: object) -> bool:
        is_new = key not in self
        self.add(key)
        return is_new


def intake(web: Web, desk: Desk) -> KnowledgeIntake:
    return KnowledgeIntake(
        web=cast("SlackWeb", web),
        people=cast("People", Everybody()),
        desk=cast("UploadDesk", desk),
        channel_id="C1",
        sightings=Seen(),
    )


def posted(*uploads: Upload, channel_id: str = "C1") -> Incoming:
    return Incoming(
        user_id="U1",
        team_id="T1",
        thread=ThreadRef(channel_id, "1.0"),
        ts="1.0",
        text="",
        uploads=uploads,
        is_direct=False,
        in_thread=False,
        mentions_others=False,
    )


FILE = Upload(name="a`b.md", url="u", size_bytes=9, file_id="F1")


async def test_a_message_that_is_delivered_again_is_taken_once() -> None:
    web, desk = Web(), Desk()
    taking = intake(web, desk)
    for _ in range(2):
        await taking.take(posted(FILE))
    assert [file.file_id for file in desk.taken] == ["F1"]
    assert web.said == ["Indexed `aˋb.md`: 1 new passage, found by &lt;everybody&gt;."]


async def test_every_file_of_a_message_gets_its_own_line() -> None:
    web, desk = Web(), Desk()
    large = Upload(name="big.md", url="u", size_bytes=MAX_BYTES + 1, file_id="F2")
    await intake(web, desk).take(posted(large, FILE))
    (said,) = web.said
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "Not indexed `big.md`",
        "Indexed `aˋb.md`",
    ]


async def test_a_file_that_cannot_be_fetched_is_named() -> None:
    web, desk = Web(is_away=True), Desk()
    await intake(web, desk).take(posted(FILE))
    assert "could not be fetched" in web.said[0]
    assert desk.taken == []


def test_only_files_of_that_channel_are_documents() -> None:
    taking = intake(Web(), Desk())
    assert taking.wants(posted(FILE))
    assert not taking.wants(posted(FILE, channel_id="C2"))
    assert not taking.wants(posted())

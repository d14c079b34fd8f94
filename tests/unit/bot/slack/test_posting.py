"""Edits are paced and the latest state wins."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bot.messages import ThreadRef
from bot.slack.posting import EditPacer, LiveMessage, Rendered
from bot.slack.web import SlackCallError, SlackWeb


class RecordingWeb:
    """Keeps calls; the first `n_failures` edits are refused."""

    def __init__(self, n_failures: int = 0) -> None:
        self.posts: list[str] = []
        self.edits: list[str] = []
        self.n_failures = n_failures

    async def post(self, channel_id: str, thread_ts: str, text: str, blocks: Any) -> str:
        self.posts.append(text)
        return "1.5"

    async def update(self, channel_id: str, ts: str, text: str, blocks: Any) -> None:
        if self.n_failures:
            self.n_failures -= 1
            raise SlackCallError("chat.update", "ratelimited")
        self.edits.append(text)


class FakeTime:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def live(web: RecordingWeb, time: FakeTime) -> LiveMessage:
    pacer = EditPacer(1.5, now=lambda: time.now, sleep=time.sleep)
    return LiveMessage(cast(SlackWeb, web), ThreadRef("C1", "1.0"), pacer)


async def test_the_first_state_is_posted_at_once_and_later_ones_are_edits() -> None:
    web, time = RecordingWeb(), FakeTime()
    message = live(web, time)
    await message.show(Rendered(text="evidence", blocks=[]))
    await message.show(Rendered(text="explained", blocks=[]))
    await message.settle()
    assert (web.posts, web.edits) == (["evidence"], ["explained"])


async def test_states_that_come_faster_than_the_pace_collapse_into_the_last() -> None:
    web, time = RecordingWeb(), FakeTime()
    message = live(web, time)
    for n in range(50):
        await message.show(Rendered(text=str(n), blocks=[]))
    await message.settle()
    assert web.posts == ["0"]
    assert web.edits[-1] == "49"
    assert len(web.edits) < 5


async def test_two_messages_share_the_pace() -> None:
    time = FakeTime()
    pacer = EditPacer(1.5, now=lambda: time.now, sleep=time.sleep)
    await asyncio.gather(pacer.turn(), pacer.turn(), pacer.turn())
    assert time.now == 103.0


async def test_a_refused_edit_does_not_stop_later_ones() -> None:
    web, time = RecordingWeb(n_failures=1), FakeTime()
    message = live(web, time)
    for text in ("a", "b"):
        await message.show(Rendered(text=text, blocks=[]))
    await message.settle()
    await message.show(Rendered(text="c", blocks=[]))
    await message.settle()
    assert web.edits == ["c"]

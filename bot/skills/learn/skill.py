"""Read a thread on somebody's word, show its summary, and wait for a person's yes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from bot.messages import ActorKind, Request, SkillEvent, ThreadRef, Turn
from bot.skills.generation import Generator
from bot.store.thread_notes import NewThreadNote, ThreadNote

from . import replies
from .orders import is_learn_order
from .picking import by_model
from .summary import summarise
from .thread import ThreadMessage, statements

NOT_HERE = "A thread can be learned where it is: ask in a Slack thread."
NOTHING = "Nothing was said in this thread that could be learned."
NOT_READ = "I could not read this thread ({reason}), so nothing was learned."


class RoomError(Exception):
    """A conversation could not be read; the message is a few words why."""


class Room(Protocol):
    """Where threads are: Slack."""

    async def thread(self, thread: ThreadRef) -> tuple[ThreadMessage, ...]:
        """The messages of a thread, oldest first.

        Raises:
            RoomError: They cannot be read.
        """
        ...

    async def permalink(self, thread: ThreadRef) -> str:
        """The thread's address; empty when there is none."""
        ...

    async def is_public(self, channel_id: str) -> bool:
        """See `bot.access.Channels`."""
        ...


class Runs(Protocol):
    """Knows what was proposed and run in a thread."""

    async def __call__(self, thread: ThreadRef, /) -> tuple[str, ...]:
        """One line each."""
        ...


class Notes(Protocol):
    """Keeps summaries; its calls block."""

    def add(self, new: NewThreadNote) -> ThreadNote:
        """Keep one."""
        ...


class Other(Protocol):
    """The skill for everything else."""

    def answer(self, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[SkillEvent]:
        """Yield snapshots."""
        ...


class LearnSkill:
    """Takes orders to learn a thread; hands everything else on.

    Args:
        other: Takes what is no such order.
        room: Where threads are read; None where there are none.
        notes: Where summaries wait.
        audience: Who may read what was said in a channel.
        runs: What was run in a thread.
        generator: Chooses what to quote.
    """

    def __init__(
        self,
        other: Other,
        *,
        room: Room | None,
        notes: Notes,
        audience: Callable[[str], Awaitable[frozenset[str]]],
        runs: Runs,
        generator: Generator,
    ) -> None:
        self._other = other
        self._room = room
        self._notes = notes
        self._audience = audience
        self._runs = runs
        self._generator = generator

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Show a thread's summary, or answer what was asked."""
        if not is_learn_order(request.text):
            async for event in self._other.answer(request, history):
                yield event
        elif request.actor.kind is not ActorKind.MEMBER:
            yield replies.sentence("Only members can have a thread learned.")
        elif self._room is None:
            yield replies.sentence(NOT_HERE)
        else:
            yield replies.working()
            yield await self._summary(request, history, self._room)

    async def _summary(self, request: Request, history: tuple[Turn, ...], room: Room) -> SkillEvent:
        try:
            messages, remark = await room.thread(request.thread), ""
        except RoomError as exc:
            structlog.get_logger().warning("thread_not_read", reason=str(exc))
            messages, remark = remembered(request, history), f"made of what I heard ({exc})"
            if not messages:
                return replies.sentence(NOT_READ.format(reason=exc))
        said = statements(messages)
        if not any(not one.is_bot for one in said):
            return replies.sentence(NOTHING)
        picked = await by_model(self._generator, said, request.request_id)
        summary = summarise(said, picked, await self._runs(request.thread))
        new = NewThreadNote(
            thread=request.thread,
            title=summary.title,
            text=summary.text,
            url=await room.permalink(request.thread),
            groups=await self._audience(request.thread.channel_id),
            asked_by=request.actor.user_id,
            created_at=request.received_at,
        )
        note = await asyncio.to_thread(self._notes.add, new)
        how = "quotations chosen by the model" if picked.by_model else "quotations chosen by words"
        return replies.waiting(note, " · ".join(filter(None, (how, remark))))


def remembered(request: Request, history: Sequence[Turn]) -> tuple[ThreadMessage, ...]:
    """What the bot itself knows of a thread that it may not read."""
    asked = [
        ThreadMessage(ts=str(number), author="asked", text=turn.text, is_asked=True)
        for number, turn in enumerate(history)
    ]
    heard: list[ThreadMessage] = []
    for number, line in enumerate(request.talk.splitlines()):
        author, _, text = line.partition(": ")
        heard.append(ThreadMessage(ts=f"t{number}", author=author, text=text))
    answers = [
        replace(one, ts=f"a{one.ts}", author="opsbot", text=turn.answer, is_bot=True)
        for one, turn in zip(asked, history, strict=True)
        if turn.answer
    ]
    return (*asked, *heard, *answers)

"""One pass of a load over one endpoint: threads interleave, follow-ups carry their history."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .chat_client import Reply
from .ops_load import Message, OpsLoad


class Asker(Protocol):
    """Whatever answers a conversation."""

    async def ask(self, messages: Sequence[Message], n_output: int) -> Reply:
        """Answer, or say why not; raises nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedReply:
    """A reply and what it was a reply to."""

    thread: int
    turn: int
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """A whole pass.

    Attributes:
        replies: In the order of turns and threads; the first one was asked first.
        wall_s: Seconds from the first request to the last answer.
    """

    replies: tuple[TimedReply, ...]
    wall_s: float


async def run_load(asker: Asker, load: OpsLoad, *, concurrency: int, salt: str) -> LoadRun:
    """Ask the first question of every thread, then the second of every thread, and so on.

    Args:
        concurrency: Requests in progress at once, >= 1; as one ends the next thread begins.
        salt: See `OpsLoad.system`.
    """
    histories = [[load.system(thread, salt)] for thread in range(load.n_threads)]
    gate = asyncio.Semaphore(concurrency)
    replies: list[TimedReply] = []
    began = time.perf_counter()
    for turn in range(load.n_turns):
        replies += await asyncio.gather(
            *(_ask(asker, load, histories[i], i, turn, gate) for i in range(load.n_threads))
        )
    return LoadRun(replies=tuple(replies), wall_s=time.perf_counter() - began)


async def _ask(
    asker: Asker,
    load: OpsLoad,
    history: list[Message],
    thread: int,
    turn: int,
    gate: asyncio.Semaphore,
) -> TimedReply:
    """Ask, and keep question and answer for the next turn; a failed turn leaves no trace."""
    question = load.question(thread, turn)
    async with gate:
        reply = await asker.ask([*history, question], load.n_output)
    if reply.is_answered:
        history += [question, {"role": "assistant", "content": reply.text}]
    return TimedReply(thread=thread, turn=turn, reply=reply)

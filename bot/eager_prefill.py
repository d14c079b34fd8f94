"""Listens in the bot's threads and prefills what the next prompt there will begin with.

Nobody waits for any of this: an answer takes the talk as it is at that moment and goes its way, and
whatever fails here is logged and over.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter

from inference import ChatMessage, Ended, EngineState, Event, GenerateRequest, Generator, Started

from .messages import ThreadRef, Turn
from .thread_talk import Remark, ThreadTalk

_MAX_THREADS = 256

Opening = Callable[[Turn, str], tuple[ChatMessage, ...]]
"""What the next prompt begins with, after a turn and with a thread's talk; empty: not known."""


class Prefiller(Protocol):
    """Computes prompts ahead of time; every `inference.InferenceService` does."""

    @property
    def state(self) -> EngineState:
        """Whether it can be asked now."""
        ...

    async def count_tokens(self, text: str) -> int:
        """Count a text's tokens."""
        ...

    async def prefill(self, messages: tuple[ChatMessage, ...]) -> None:
        """Prefill when nothing else is to be done."""
        ...


class Recent(Protocol):
    """What threads remember; blocking."""

    def recent(self, thread: ThreadRef, limit: int) -> tuple[Turn, ...]:
        """The last turns, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prefilled:
    """What was computed ahead for one thread, until an answer uses it.

    Attributes:
        n_tokens: Of the thread's talk alone, without the skill's static prefix.
    """

    opening: tuple[ChatMessage, ...]
    n_tokens: int

    def begins(self, messages: tuple[ChatMessage, ...]) -> bool:
        """Whether a prompt begins with it."""
        *before, last = self.opening
        n = len(before)
        return (
            len(messages) > n
            and list(messages[:n]) == before
            and messages[n].role is last.role
            and messages[n].content.startswith(last.content)
        )


class EagerPrefill:
    """The ears of the bot in its threads. Event loop only.

    Remarks are kept in memory, of the last 256 threads, and are gone after a restart.

    Args:
        service: What prefills, at lowest priority.
        memory: Which skill answered last in a thread.
        opening: What the next prompt will begin with.
        registry: Where the two counters are registered.
        pause_s: How long a thread must be quiet before its talk is prefilled, in seconds.
    """

    def __init__(
        self,
        service: Prefiller,
        memory: Recent,
        opening: Opening,
        *,
        registry: CollectorRegistry | None = None,
        pause_s: float = 1.0,
    ) -> None:
        registry = registry or CollectorRegistry()
        self._service = service
        self._memory = memory
        self._opening = opening
        self._pause_s = pause_s
        self._talks: OrderedDict[ThreadRef, ThreadTalk] = OrderedDict()
        self._prefilled: dict[ThreadRef, _Prefilled] = {}
        self._pending: dict[ThreadRef, asyncio.Task[None]] = {}
        self._counting: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()
        self._n_prefilled = Counter(
            "opsbot_eager_prefilled_tokens",
            "Tokens of thread talk computed before anybody asked",
            registry=registry,
        )
        self._n_reused = Counter(
            "opsbot_eager_reused_tokens",
            "Tokens computed before anybody asked that an answer then used",
            registry=registry,
        )

    def hear(self, thread: ThreadRef, remark: Remark) -> None:
        """Take in what somebody said; prefills once the thread is quiet for a moment."""
        self._keep(thread, self._talks.get(thread, ThreadTalk()).heard(remark))

    def retract(self, thread: ThreadRef, ts: str, text: str = "") -> None:
        """Forget what was deleted, or take its new text; messages not heard are ignored."""
        talk = self._talks.get(thread, ThreadTalk())
        known = next((remark for remark in talk.remarks if remark.ts == ts), None)
        if known is not None and known.text != text:
            self._keep(thread, talk.heard(Remark(ts=ts, author=known.author, text=text)))

    def talk(self, thread: ThreadRef) -> str:
        """What people said in a thread, safe to quote; what waits to be prefilled is given up."""
        self._give_up(thread)
        return self._talks.get(thread, ThreadTalk()).text

    @property
    def is_busy(self) -> bool:
        """Whether something is being prefilled or counted, or waits for a thread to be quiet."""
        return bool(self._pending or self._counting)

    def watched(self, generator: Generator) -> Generator:
        """The same generator; counts how much of its prompts was prefilled eagerly."""
        return _Watched(generator, self._started)

    async def close(self) -> None:
        """Give up what is not done yet."""
        tasks = [*self._pending.values(), *self._counting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, thread: ThreadRef, talk: ThreadTalk) -> None:
        self._talks[thread] = talk
        self._talks.move_to_end(thread)
        while len(self._talks) > _MAX_THREADS:
            oldest, _ = self._talks.popitem(last=False)
            self._give_up(oldest)
            self._prefilled.pop(oldest, None)
        self._give_up(thread)
        task = asyncio.create_task(self._prefill(thread, talk.text))
        self._pending[thread] = task
        task.add_done_callback(lambda _: self._done(thread, task))

    def _give_up(self, thread: ThreadRef) -> None:
        task = self._pending.pop(thread, None)
        if task is not None:
            task.cancel()

    def _done(self, thread: ThreadRef, task: asyncio.Task[None]) -> None:
        if self._pending.get(thread) is task:
            del self._pending[thread]

    async def _prefill(self, thread: ThreadRef, talk: str) -> None:
        log = self._log
        await asyncio.sleep(self._pause_s)
        if not talk or self._service.state is not EngineState.READY:
            return
        try:
            turns = await asyncio.to_thread(self._memory.recent, thread, 1)
            opening = self._opening(turns[-1], talk) if turns else ()
            if not opening:
                return
            n_tokens = await self._service.count_tokens(talk)
            await self._service.prefill(opening)
        except Exception:  # nobody waits for it: the next answer prefills what it needs
            log.exception("eager_prefill_failed", channel_id=thread.channel_id)
            return
        before = self._prefilled.get(thread)
        n_known = before.n_tokens if before and before.begins(opening) else 0
        self._prefilled[thread] = _Prefilled(opening=opening, n_tokens=n_tokens)
        self._n_prefilled.inc(max(0, n_tokens - n_known))
        log.info("eager_prefilled", channel_id=thread.channel_id, n_tokens=n_tokens)

    def _started(self, request: GenerateRequest, started: Started) -> None:
        found = next((t for t, p in self._prefilled.items() if p.begins(request.messages)), None)
        if found is not None:
            used = self._prefilled.pop(found)
            self._later(self._count_reused(used, request, started))

    async def _count_reused(
        self, used: _Prefilled, request: GenerateRequest, started: Started
    ) -> None:
        """Count what of the talk was in the cache, at least: what the template adds counts as not.

        Everything before the rest of the prompt that had to be computed came from the cache.
        """
        opened = len(used.opening) - 1
        rest = request.messages[opened].content[len(used.opening[-1].content) :]
        rest += "".join(message.content for message in request.messages[opened + 1 :])
        n_rest = await self._service.count_tokens(rest)
        n_missing = max(0, started.n_prompt - started.n_cached - n_rest)
        n_reused = max(0, used.n_tokens - n_missing)
        self._n_reused.inc(n_reused)
        self._log.info(
            "eager_reused",
            request_id=request.request_id,
            n_tokens=n_reused,
            n_prefilled=used.n_tokens,
        )

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._counting.add(task)
        task.add_done_callback(self._counted)

    def _counted(self, task: asyncio.Task[None]) -> None:
        self._counting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._log.warning("eager_reuse_not_counted", error=str(task.exception()))


class _Watched:
    """A generator whose starts are seen by somebody else too."""

    def __init__(
        self, inner: Generator, started: Callable[[GenerateRequest, Started], None]
    ) -> None:
        self._inner = inner
        self._started = started

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                if isinstance(event, Started):
                    self._started(request, event)
                yield event

    async def complete(self, request: GenerateRequest) -> tuple[str, Ended]:
        return await self._inner.complete(request)

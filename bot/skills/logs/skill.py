"""Answers questions about logs: evidence within a second, then the model's explanation of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import PurePath

import structlog

from inference.request import Priority

from ...messages import Choices, Part, Phase, Prose, Reply, Request, SkillEvent, Turn
from ...settings import LogSettings
from ..generation import Generator
from . import wording
from .analysis import Window
from .book import LogBook
from .digest import estimate_tokens
from .explanation import Explainer, Explanation
from .files import attached
from .looked import Looked
from .looking import looking, text_streams
from .orders import CompareYesterday, Order, read_order
from .recall import GONE, Recall, said
from .scope import Scope, scope_of

_NOTHING_CONFIGURED = (
    "I know no log files. Name them in the settings (`[logs.sources]` with a service name and file "
    "patterns), attach a file, or paste some lines."
)
_DIGEST_WINDOW_S = 86_400


class LogsSkill:
    """Answers from configured log files, uploads and pasted lines.

    Args:
        settings: Where the logs are and how much of them is read.
        generator: Explains the evidence.
        model_name: Named in the small print; of a path, the file's name.
        zone: The zone of log lines that name none.
        book: Remembers answers and marks; without it answers have no buttons.
        count_tokens: How long a text is for the model that explains; called in threads, may block.
    """

    def __init__(
        self,
        settings: LogSettings,
        generator: Generator,
        *,
        model_name: str,
        zone: tzinfo = UTC,
        book: LogBook | None = None,
        count_tokens: Callable[[str], int] = estimate_tokens,
    ) -> None:
        self._settings = settings
        self._recall = Recall(book) if book is not None else None
        self._explainer = Explainer(generator)
        self._model_name = PurePath(model_name).name
        self._zone = zone
        self._looking = partial(looking, settings, zone=zone, book=book, count_tokens=count_tokens)

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Yield the evidence, then the same with each explained sentence, then the whole answer."""
        order = read_order(request.text) if not request.attachments else None
        if order is not None and self._recall is not None:
            yield await self._carried_out(order, request, self._recall)
            return
        scope = scope_of(request, history, self._settings.sources)
        if not scope.texts and not scope.services:
            yield Reply(parts=(Prose(text=_NOTHING_CONFIGURED),), summary=_NOTHING_CONFIGURED)
            return
        zone = wording.zone_of(request.actor.timezone)
        now = request.received_at
        started = time.monotonic()
        with self._looking() as look:
            looked = await asyncio.to_thread(look.asked, request.text, scope, now, zone)
        structlog.get_logger().info(
            "logs_looked_at",
            request_id=request.request_id,
            n_lines=looked.analysis.n_lines,
            n_entries=len(looked.digest.entries),
            took_ms=round((time.monotonic() - started) * 1000),
        )
        buttons = self._buttons(request, looked)
        if not looked.is_unusual:
            await self._keep(request, looked)
            yield _uneventful(looked, buttons=buttons)
            return
        explained = self._explained(
            looked,
            request.request_id,
            Priority.INTERACTIVE,
            talk=request.talk,
            language=request.language,
            buttons=buttons,
        )
        yield await anext(explained)
        await self._keep(request, looked)  # while people read the evidence, before buttons show
        async for reply in explained:
            yield reply
        yield attached(request, looked)

    def _has_buttons(self, request: Request, looked: Looked) -> bool:
        """Whether an answer can be asked about; one in a terminal has nobody to press buttons."""
        is_in_channel = bool(request.thread.channel_id)
        return self._recall is not None and is_in_channel and looked.analysis.n_lines > 0

    def _buttons(self, request: Request, looked: Looked) -> tuple[Choices, ...]:
        if not self._has_buttons(request, looked):
            return ()
        can_compare = not looked.is_text and looked.analysis.window is not None
        return wording.buttons(request.request_id, looked.digest, can_compare=can_compare)

    async def _keep(self, request: Request, looked: Looked) -> None:
        """Remember an answer for its buttons."""
        if self._recall is None or not self._has_buttons(request, looked):
            return
        texts = text_streams(looked.scope.texts, self._zone)
        await asyncio.to_thread(self._recall.keep, request, looked, texts)

    async def _carried_out(self, order: Order, request: Request, recall: Recall) -> Reply:
        """Do what a button or a person asks of an earlier answer."""
        if not isinstance(order, CompareYesterday):
            with self._looking() as look:
                return await recall.carry_out(order, request, look.services)
        answer = await asyncio.to_thread(recall.find, order.request_id, request)
        if answer is None or answer.start_at is None or answer.end_at is None:
            return said(GONE)
        window = Window(start=answer.start_at, end=answer.end_at, baseline_s=0.0)
        known = tuple(name for name in answer.services if name in self._settings.sources)
        if not known:
            return said(f"The settings no longer name {', '.join(answer.services)}.")
        scope = Scope(services=known)
        zone = wording.zone_of(request.actor.timezone)
        with self._looking() as look:
            looked = await asyncio.to_thread(
                look.a_day_apart, scope, window, request.received_at, zone
            )
        return await self._compared(request, looked)

    async def _compared(self, request: Request, looked: Looked) -> Reply:
        reply = wording.day_apart(looked.digest, looked.analysis, looked.zone)
        await self._keep(request, looked)
        buttons = ()
        if self._has_buttons(request, looked):
            buttons = wording.buttons(request.request_id, looked.digest, can_compare=False)
        return replace(reply, parts=(*reply.parts, *looked.mark_notes(), *buttons))

    async def digest_reply(
        self,
        service: str,
        timezone: str = "UTC",
        *,
        window_s: int = _DIGEST_WINDOW_S,
        now: datetime | None = None,
    ) -> Reply:
        """What is worth knowing about a stretch of time, for a scheduled post.

        Args:
            service: A configured name; any other text means all of them.
            timezone: IANA name of the zone in which times are written.
            window_s: How far back it looks, in seconds.
            now: Aware; the present by default.
        """
        known = self._settings.sources
        services = (service,) if service in known else tuple(known)
        if not services:
            return Reply(parts=(Prose(text=_NOTHING_CONFIGURED),), summary=_NOTHING_CONFIGURED)
        end = now or datetime.now(UTC)
        window = Window(
            start=end - timedelta(seconds=window_s), end=end, baseline_s=float(window_s)
        )
        scope, zone = Scope(services=services), wording.zone_of(timezone)
        with self._looking() as look:
            looked = await asyncio.to_thread(look.at, scope, window, end, zone)
        if not looked.is_unusual:
            return _uneventful(looked, briefly=True)
        request_id = f"digest-{service}-{end:%Y%m%d%H%M%S}"
        explained = self._explained(looked, request_id, Priority.BACKGROUND)
        return [reply async for reply in explained][-1]

    async def _explained(
        self,
        looked: Looked,
        request_id: str,
        priority: Priority,
        *,
        talk: str = "",
        language: str = "en",
        buttons: tuple[Choices, ...] = (),
    ) -> AsyncIterator[Reply]:
        digest = looked.digest
        summary = wording.summary_of(digest, looked.analysis, looked.zone)
        facts = wording.facts(looked.analysis, digest)
        evidence = looked.evidence()

        def snapshot(parts: list[Part], phase: Phase) -> Reply:
            status = "explaining" if phase is Phase.WORKING else ""
            return Reply(
                parts=tuple(parts), summary=summary, phase=phase, status=status, facts=facts
            )

        yield snapshot([*evidence, *looked.footer()], Phase.WORKING)
        started = time.monotonic()
        explanation = Explanation()
        explaining = self._explainer.explain(
            digest.prompt, len(digest.entries), request_id, priority, talk=talk
        )
        async for explanation in explaining:
            if explanation.lines:
                parts = [*evidence, *_prose(explanation, language), *looked.footer()]
                yield snapshot(parts, Phase.WORKING)
        took_s = time.monotonic() - started
        explained = wording.explanation_note(explanation, self._model_name, took_s)
        parts = [*evidence, *_prose(explanation, language), *looked.footer(explained), *buttons]
        yield snapshot(parts, Phase.DONE)


def _prose(explanation: Explanation, language: str) -> list[Part]:
    if not explanation.lines:
        return []
    return [Prose(text=explanation.markup(language), from_model=True)]


def _uneventful(
    looked: Looked, *, briefly: bool = False, buttons: tuple[Choices, ...] = ()
) -> Reply:
    if looked.analysis.n_lines == 0:
        reply = wording.no_lines(looked.digest, looked.analysis, looked.zone)
    elif briefly and looked.analysis.has_baseline:
        reply = wording.nothing_new(looked.analysis, looked.zone)
    else:
        reply = wording.nothing_unusual(looked.digest, looked.analysis, looked.zone)
    return replace(reply, parts=(*reply.parts, *looked.mark_notes(), *buttons))

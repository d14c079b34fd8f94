"""Choose the skill for a request."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.messages import Intent, Turn
from inference.errors import InferenceError

from .english import is_english
from .follow_up import is_follow_up
from .readable import readable
from .rules import Rule, decide
from .student import Student, shipped

_PREPARE_PATIENCE_S = 0.5
_EMBED_PATIENCE_S = 0.15
UNHURRIED_S = 10.0
"""For commands, where nobody waits in a channel and the same text must get the same answer."""

_THREAD_CONFIDENCE = 0.8
_ATTACHMENT_CONFIDENCE = 0.75
_FILE_ALONE_CONFIDENCE = 0.9
_CERTAIN = 0.95
_SURE = 0.93
_ASK_MODEL_BELOW = 0.6
_PROMPT = 0


class Embeds(Protocol):
    """What the router needs of an encoder; every `inference.InferenceService` is one."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: shape (len(texts), n_dimensions), rows L2-normalised.

        Raises:
            InferenceError: There is no encoder, or it failed.
        """
        ...


class Judges(Protocol):
    """What the router needs of a model; `bot.router.judge.Judge` is one."""

    async def intent(
        self, request_id: str, text: str, history: Sequence[Turn] = (), *, prompt: int = 0
    ) -> Intent | None:
        """The model's choice, or None when it has none in time."""
        ...


class Source(StrEnum):
    """What decided."""

    RULE = "rule"
    STUDENT = "student"
    THREAD = "thread"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes.

    Attributes:
        confidence: 0 to 1; about how often such a decision is right.
        ms: How long the decision took, in milliseconds.
    """

    intent: Intent
    confidence: float
    source: Source
    ms: float


class Router:
    """Rules, then the thread's last intent for short follow-ups, then the distilled student.

    Without the encoder that the student learned with, it judges by characters alone.

    Args:
        encoder: Embeds requests; None to do without.
        encoder_name: Identity of the encoder; another one than the student's is not used.
        judge: Asked when the student is unsure; None to do without.
        student: Another than the shipped one.
        patience_s: How long an embedding is waited for; then the characters decide.
    """

    def __init__(
        self,
        encoder: Embeds | None = None,
        *,
        encoder_name: str = "",
        judge: Judges | None = None,
        student: Student | None = None,
        patience_s: float = _EMBED_PATIENCE_S,
    ) -> None:
        self._student = student if student is not None else shipped()
        is_known = not encoder_name or encoder_name == self._student.encoder
        self._encoder = encoder if is_known else None
        self._judge = judge
        self._patience_s = patience_s
        self._is_prepared = False
        self._preparing: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._log = structlog.get_logger()

    @property
    def is_prepared(self) -> bool:
        """Whether meaning counts, and not characters alone."""
        return self._is_prepared

    async def prepare(self) -> None:
        """Wait for the encoder; later calls do nothing.

        Raises:
            InferenceError: There is no encoder, or it failed; the router works on without it.
        """
        if self._encoder is None or self._is_prepared:
            return
        vectors = await self._encoder.embed(["ready"])
        if vectors.shape[1] == self._student.n_dimensions:
            self._is_prepared = True
        else:
            self._encoder = None

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> Route:
        """Route one text.

        Args:
            history: The thread's earlier turns, oldest first.
            has_attachments: Files or long pastes came with the text.
        """
        started = time.perf_counter()
        intent, confidence, source = await self._choose(readable(text), history, has_attachments)
        ms = (time.perf_counter() - started) * 1000
        return Route(intent=intent, confidence=round(confidence, 3), source=source, ms=round(ms, 2))

    async def _choose(
        self, text: str, history: tuple[Turn, ...], has_attachments: bool
    ) -> tuple[Intent, float, Source]:
        if has_attachments and not any(map(str.isalnum, text)):
            return Intent.LOGS, _FILE_ALONE_CONFIDENCE, Source.RULE
        rule = decide(text)
        if rule is not None:
            return self._by_rule(rule, text)
        if history and history[-1].intent is not Intent.CHAT and is_follow_up(text):
            return history[-1].intent, _THREAD_CONFIDENCE, Source.THREAD
        shares = await self._by_student(text)
        best = max(shares, key=shares.__getitem__)
        if has_attachments and shares[best] < _ATTACHMENT_CONFIDENCE:
            # Somebody who sends a file and says little wants it read.
            return Intent.LOGS, _ATTACHMENT_CONFIDENCE, Source.RULE
        if shares[best] < _ASK_MODEL_BELOW and self._judge is not None:
            return await self._by_model(self._judge, text, history, shares)
        return best, shares[best], Source.STUDENT

    def _by_rule(self, rule: Rule, text: str) -> tuple[Intent, float, Source]:
        """A rule that is not certain can be outvoted, but only by a student that is very sure."""
        if rule.confidence >= _CERTAIN:
            return rule.intent, rule.confidence, Source.RULE
        doubt = (1 - rule.confidence) / (len(Intent) - 1)
        weights = {
            intent: share * (rule.confidence if intent is rule.intent else doubt)
            for intent, share in self._student.shares(text).items()
        }
        best = max(weights, key=weights.__getitem__)
        source = Source.RULE if best is rule.intent else Source.STUDENT
        return best, weights[best] / sum(weights.values()), source

    async def _by_student(self, text: str) -> Mapping[Intent, float]:
        """The encoder costs milliseconds, and many on a busy machine: only what needs it waits.

        It has learned English only, and in other languages characters and concepts are right more
        often without it.
        """
        shares = self._student.shares(text)
        if max(shares.values()) >= _SURE or not is_english(text):
            return shares
        await self._try_to_prepare()
        meaning = await self._embedding(text) if self._is_prepared else None
        return shares if meaning is None else self._student.shares(text, meaning)

    async def _by_model(
        self,
        judge: Judges,
        text: str,
        history: tuple[Turn, ...],
        shares: Mapping[Intent, float],
    ) -> tuple[Intent, float, Source]:
        answer = await judge.intent(f"route-{next(self._numbers)}", text, history, prompt=_PROMPT)
        source = Source.STUDENT
        if answer is not None:
            shares, source = self._student.with_answer(shares, _PROMPT, answer), Source.MODEL
        best = max(shares, key=shares.__getitem__)
        return best, shares[best], source

    async def _try_to_prepare(self) -> None:
        """Wait a moment for the encoder; it goes on loading in the background."""
        if self._encoder is None or self._is_prepared:
            return
        if self._preparing is None:
            self._preparing = asyncio.create_task(self._prepare_quietly())
        await asyncio.wait({self._preparing}, timeout=_PREPARE_PATIENCE_S)

    async def _prepare_quietly(self) -> None:
        try:
            await self.prepare()
        except InferenceError as exc:
            self._log.warning("router_without_encoder", reason=str(exc))

    async def _embedding(self, text: str) -> NDArray[np.float32] | None:
        if self._encoder is None:
            return None
        try:
            async with asyncio.timeout(self._patience_s):
                return (await self._encoder.embed([text]))[0]
        except (InferenceError, TimeoutError) as exc:
            self._log.warning("router_embedding_failed", reason=str(exc) or "timed out")
            return None

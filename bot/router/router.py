"""Choose the skill for a request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.messages import Intent, Turn
from inference.errors import InferenceError

from .classifier import Classifier
from .examples import load_examples
from .follow_up import is_follow_up
from .ngrams import NgramSpace
from .rules import decide
from .vectors import VectorFile

_PREPARE_PATIENCE_S = 0.5
_EMBED_PATIENCE_S = 1.0
_THREAD_CONFIDENCE = 0.8
_ATTACHMENT_CONFIDENCE = 0.75
_FILE_ALONE_CONFIDENCE = 0.9


class Embeds(Protocol):
    """What the router needs of an encoder; every `inference.InferenceService` is one."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: shape (len(texts), n_dimensions), rows L2-normalised.

        Raises:
            InferenceError: There is no encoder, or it failed.
        """
        ...


class Source(StrEnum):
    """What decided."""

    RULE = "rule"
    EXAMPLES = "examples"
    THREAD = "thread"


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
    """Rules, then the thread's last intent for short follow-ups, then the examples.

    Without an encoder, or until it has embedded the examples, it judges by characters alone.

    Args:
        encoder: Embeds requests and examples; None to do without.
        encoder_name: Identity of the encoder, for the file of vectors.
        folder: Where the examples' vectors are kept between starts; None to compute them anew.
    """

    def __init__(
        self,
        encoder: Embeds | None = None,
        *,
        encoder_name: str = "",
        folder: Path | None = None,
    ) -> None:
        self._encoder = encoder
        self._examples = load_examples()
        self._space = NgramSpace([example.text for example in self._examples])
        self._by_characters = Classifier(self._examples, self._space)
        self._by_meaning: Classifier | None = None
        self._preparing: asyncio.Task[None] | None = None
        texts = [example.text for example in self._examples]
        self._file = VectorFile(folder, encoder_name, texts) if folder is not None else None
        self._log = structlog.get_logger()

    @property
    def is_prepared(self) -> bool:
        """Whether meaning counts, and not characters alone."""
        return self._by_meaning is not None

    async def prepare(self) -> None:
        """Embed the examples, or take their vectors from the file; later calls do nothing.

        Raises:
            InferenceError: There is no encoder, or it failed; the router works on without it.
        """
        if self._encoder is None or self._by_meaning is not None:
            return
        vectors = await asyncio.to_thread(self._file.read) if self._file is not None else None
        if vectors is None:
            vectors = await self._encoder.embed([example.text for example in self._examples])
            if self._file is not None:
                await asyncio.to_thread(self._keep, self._file, vectors)
        self._by_meaning = await asyncio.to_thread(Classifier, self._examples, self._space, vectors)

    def _keep(self, file: VectorFile, vectors: NDArray[np.float32]) -> None:
        try:
            file.write(vectors)
        except OSError as exc:
            self._log.warning("router_vectors_not_kept", reason=str(exc))

    async def route(
        self, text: str, history: tuple[Turn, ...] = (), *, has_attachments: bool = False
    ) -> Route:
        """Route one text.

        Args:
            history: The thread's earlier turns, oldest first.
            has_attachments: Files or long pastes came with the text.
        """
        started = time.perf_counter()
        intent, confidence, source = await self._choose(text, history, has_attachments)
        ms = (time.perf_counter() - started) * 1000
        return Route(intent=intent, confidence=round(confidence, 3), source=source, ms=round(ms, 2))

    async def _choose(
        self, text: str, history: tuple[Turn, ...], has_attachments: bool
    ) -> tuple[Intent, float, Source]:
        if has_attachments and not any(map(str.isalnum, text)):
            return Intent.LOGS, _FILE_ALONE_CONFIDENCE, Source.RULE
        rule = decide(text)
        if rule is not None:
            return rule.intent, rule.confidence, Source.RULE
        if history and history[-1].intent is not Intent.CHAT and is_follow_up(text):
            return history[-1].intent, _THREAD_CONFIDENCE, Source.THREAD
        intent, confidence = await self._by_examples(text)
        if has_attachments and confidence < _ATTACHMENT_CONFIDENCE:
            # Somebody who sends a file and says little wants it read.
            return Intent.LOGS, _ATTACHMENT_CONFIDENCE, Source.RULE
        return intent, confidence, Source.EXAMPLES

    async def _by_examples(self, text: str) -> tuple[Intent, float]:
        await self._try_to_prepare()
        embedding = await self._embedding(text) if self._by_meaning is not None else None
        if self._by_meaning is not None and embedding is not None:
            shares = self._by_meaning.shares(text, embedding)
        else:
            shares = self._by_characters.shares(text)
        best = max(shares, key=shares.__getitem__)
        return best, shares[best]

    async def _try_to_prepare(self) -> None:
        """Wait a moment for the examples' vectors; they go on being made in the background."""
        if self._encoder is None or self._by_meaning is not None:
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
            async with asyncio.timeout(_EMBED_PATIENCE_S):
                return (await self._encoder.embed([text]))[0]
        except (InferenceError, TimeoutError) as exc:
            self._log.warning("router_embedding_failed", reason=str(exc) or "timed out")
            return None

"""Prefills the prompts that every request of a skill begins with, before anybody asks."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from inference import ChatMessage, InferenceError, InferenceService

from .prompts import code, knowledge, logs


def skill_prefixes() -> tuple[tuple[ChatMessage, ...], ...]:
    """The stable beginnings of the skills' prompts, the most urgent skill first."""
    return (logs.PREFIX, knowledge.prefix(), code.prefix("PromQL"))


async def warm(engine: InferenceService, prefixes: Iterable[tuple[ChatMessage, ...]]) -> None:
    """Prefill prefixes at background priority; a model that is not there needs no warming."""
    log = structlog.get_logger()
    try:
        await engine.ready()
        for prefix in prefixes:
            await engine.warm(prefix)
    except InferenceError as exc:
        log.warning("not_warmed", reason=str(exc))

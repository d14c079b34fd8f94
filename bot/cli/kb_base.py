"""The knowledge base in a terminal: opened over the settings, closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .output import fail

if TYPE_CHECKING:
    from inference import InferenceService
    from knowledge import KnowledgeBase

    from ..settings import Settings

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what the knowledge base refuses becomes one sentence."""
    from knowledge import KnowledgeError

    from ..log_setup import set_up_logging

    set_up_logging("ERROR")
    try:
        return asyncio.run(work)
    except KnowledgeError as exc:
        fail(str(exc))


@asynccontextmanager
async def open_base(
    settings: Settings, *, generator: bool = False, encoder: bool = True
) -> AsyncGenerator[tuple[KnowledgeBase, InferenceService]]:
    """The knowledge base of the settings with the engine it embeds with.

    Args:
        generator: Load the model that answers too.
        encoder: Load the embedding model.
    """
    from ..embedder import EngineEmbedder
    from ..engine import open_engine
    from ..knowledge_wiring import open_knowledge

    async with open_engine(settings, generator=generator, encoder=encoder) as engine:
        base = open_knowledge(settings, EngineEmbedder(engine), engine if generator else None)
        try:
            yield base, engine
        finally:
            await base.close()

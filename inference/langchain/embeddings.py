"""The engine's encoder as a LangChain embedder."""

from __future__ import annotations

import asyncio

from langchain_core.embeddings import Embeddings

from ..service import InferenceService
from .loop_bridge import LoopBridge


class OpsbotEmbeddings(Embeddings):
    """Embeds with the service's encoder; vectors are L2-normalised.

    Usable from any thread and any event loop. Texts longer than the encoder's context are
    truncated. All methods raise `ModelUnavailableError` when no encoder could be loaded and
    `InferenceError` when it fails; the blocking ones raise `SyncCallError` inside the service's
    own event loop.

    Args:
        service: A started service; it is not stopped here.
        loop: The event loop it was started on; by default the one that is running now.

    Raises:
        RuntimeError: No loop is given and none is running.
    """

    def __init__(
        self, service: InferenceService, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._service = service
        self._bridge = LoopBridge(loop or asyncio.get_running_loop())

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts, blocking; one vector of floats each."""
        return self._bridge.wait(lambda: self._embed(texts))

    def embed_query(self, text: str) -> list[float]:
        """Embed one text, blocking."""
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts; one vector of floats each."""
        return await self._bridge.run(lambda: self._embed(texts))

    async def aembed_query(self, text: str) -> list[float]:
        """Embed one text."""
        return (await self.aembed_documents([text]))[0]

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        await self._service.encoder_ready()
        rows = await self._service.embed(texts)
        return [[float(value) for value in row] for row in rows]

"""The asyncio side of the embedding model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .backends.base import EncoderBackend
from .embedding_queue import EmbedJob, Vectors
from .errors import ModelUnavailableError
from .request import TokenId


class EncoderClient:
    """Waits for the encoder, tokenizes, hands jobs to the engine thread.

    Args:
        submit: Gives a job to the engine thread.
        in_loop: Runs a function in the event loop; called from the engine thread.
    """

    def __init__(
        self,
        submit: Callable[[EmbedJob], None],
        in_loop: Callable[[Callable[[], None]], None],
    ) -> None:
        self._submit = submit
        self._in_loop = in_loop
        self._encoder: EncoderBackend | None = None
        self._failure = "the embedding model is still loading"
        self._settled = asyncio.Event()

    def settle(self, encoder: EncoderBackend | None, failure: str) -> None:
        """Take the result of loading, or of stopping."""
        self._encoder, self._failure = encoder, failure
        self._settled.set()

    async def ready(self) -> None:
        """Wait for the encoder.

        Raises:
            ModelUnavailableError: There is none.
        """
        await self._settled.wait()
        self.loaded()

    def loaded(self) -> EncoderBackend:
        """The encoder, now.

        Raises:
            ModelUnavailableError: It is not loaded.
        """
        if self._encoder is None:
            raise ModelUnavailableError(self._failure)
        return self._encoder

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; see `Engine.embed`."""
        await self.ready()
        encoder = self.loaded()
        if not texts:
            return np.zeros((0, encoder.n_dimensions), dtype=np.float32)
        inputs = await asyncio.to_thread(lambda: [encoder.tokenize(text) for text in texts])
        self.loaded()
        return await self._wait_for(inputs)

    async def _wait_for(self, inputs: list[list[TokenId]]) -> Vectors:
        future: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        job = EmbedJob(
            inputs=inputs, on_done=lambda result: self._in_loop(lambda: _resolve(future, result))
        )
        self._submit(job)
        try:
            return await future
        finally:
            job.is_abandoned = True


def _resolve(future: asyncio.Future[Vectors], result: Vectors | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)

"""The inference engine as settings describe it: models found, verified and loaded lazily."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from inference import Engine, InferenceError, ModelUnavailableError
from inference.backends.base import Backend, EncoderBackend
from inference.models.catalog import resolve
from inference.models.errors import ModelError
from knowledge.errors import EmbeddingError

from .settings import Settings


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    generator: bool = True,
    encoder: bool = True,
    registry: CollectorRegistry | None = None,
) -> AsyncGenerator[Engine]:
    """Start an engine and stop it at the end; models load in its own thread meanwhile."""
    engine = Engine(
        load_generator=_generator(settings) if generator else None,
        load_encoder=_encoder(settings) if encoder else None,
        registry=registry,
    )
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def _generator(settings: Settings) -> Callable[[], Backend]:
    def load() -> Backend:
        from inference.backends.llama_cpp import LlamaBackend
        from inference.backends.options import LlamaOptions

        inference = settings.inference
        options = LlamaOptions(
            n_ctx=inference.n_ctx,
            n_batch=inference.n_batch,
            n_threads=inference.n_threads,
            n_gpu_layers=inference.n_gpu_layers,
        )
        return LlamaBackend(find_model(settings.model, settings), options)

    return load


def _encoder(settings: Settings) -> Callable[[], EncoderBackend]:
    def load() -> EncoderBackend:
        from inference.backends.llama_encoder import LlamaEncoder
        from inference.backends.options import LlamaOptions

        options = LlamaOptions(n_threads=settings.inference.n_threads)
        return LlamaEncoder(find_model(settings.inference.encoder, settings), options)

    return load


def find_model(name: str, settings: Settings) -> Path:
    """The verified file of a model setting.

    Raises:
        ModelUnavailableError: It is unknown, was not pulled, or is not what it should be.
    """
    try:
        return resolve(name, settings.models_dir)
    except ModelError as exc:
        raise ModelUnavailableError(str(exc)) from exc


class EngineEmbedder:
    """The engine's encoder as the knowledge base wants it; waits until it is loaded."""

    def __init__(self, engine: Engine) -> None:
        """Embed with a started engine."""
        self._engine = engine

    @property
    def name(self) -> str:
        """See `knowledge.embedding.Embedder`.

        Raises:
            EmbeddingError: The encoder is not loaded.
        """
        with _as_embedding_error():
            return self._engine.encoder_name

    @property
    def n_dimensions(self) -> int:
        """See `knowledge.embedding.Embedder`.

        Raises:
            EmbeddingError: The encoder is not loaded.
        """
        with _as_embedding_error():
            return self._engine.n_dimensions

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `knowledge.embedding.Embedder`.

        Raises:
            EmbeddingError: There is no encoder, or it failed.
        """
        with _as_embedding_error():
            await self._engine.encoder_ready()
            return await self._engine.embed(texts)


@contextmanager
def _as_embedding_error() -> Generator[None, None, None]:
    try:
        yield
    except InferenceError as exc:
        raise EmbeddingError(str(exc)) from exc

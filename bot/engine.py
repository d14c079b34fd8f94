"""The inference engine as settings describe it: models found, verified and loaded lazily."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from enum import Enum
from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from inference import Engine, InferenceError, InferenceService, ModelUnavailableError
from inference.backends.base import Backend, EncoderBackend
from inference.models.catalog import resolve
from inference.models.errors import ModelError
from inference.process import (
    AttachError,
    ChildCommand,
    EngineProcess,
    Lifeline,
    RestartPolicy,
    Supervisor,
    SupervisorMetrics,
    Watchdog,
    attach,
    serve_engine,
)
from knowledge.errors import EmbeddingError

from .engine_note import find_note, forget_note, write_note
from .settings import Settings, engine_environment


class EnginePlace(Enum):
    """Where an engine runs."""

    OWN_PROCESS = "own process"
    """In a supervised child: what kills the engine does not kill the bot."""
    BORROWED = "borrowed"
    """In the running bot's child if there is one with the same models; else here."""
    HERE = "here"


@asynccontextmanager
async def open_engine(
    settings: Settings,
    *,
    generator: bool = True,
    encoder: bool = True,
    registry: CollectorRegistry | None = None,
    place: EnginePlace = EnginePlace.BORROWED,
) -> AsyncGenerator[InferenceService]:
    """Start an engine and stop it at the end; models load in its own thread meanwhile.

    Args:
        generator: Load the generating model; an engine in another process always does.
        encoder: Likewise the embedding model.
        registry: Where what is counted in this process is registered.
        place: Where it runs; the setting `inference.in_process` overrules it.
    """
    async with AsyncExitStack() as stack:
        if settings.inference.in_process:
            place = EnginePlace.HERE
        if place is EnginePlace.OWN_PROCESS:
            yield await _own_process(settings, registry or CollectorRegistry(), stack)
            return
        engine = await _borrowed(settings) if place is EnginePlace.BORROWED else None
        if engine is None:
            engine = local_engine(settings, generator=generator, encoder=encoder, registry=registry)
            await engine.start()
        stack.push_async_callback(engine.stop)
        yield engine


def local_engine(
    settings: Settings,
    *,
    generator: bool = True,
    encoder: bool = True,
    registry: CollectorRegistry | None = None,
) -> Engine:
    """An engine for this process, not started."""
    return Engine(
        load_generator=_generator(settings) if generator else None,
        load_encoder=_encoder(settings) if encoder else None,
        registry=registry,
    )


async def serve_as_child(settings: Settings, socket: Path, lifeline: BinaryIO) -> None:
    """Serve an engine on a socket until the parent closes `lifeline`.

    Raises:
        ListenError: The socket cannot be made there.
    """
    registry = CollectorRegistry()
    await serve_engine(
        local_engine(settings, registry=registry),
        socket=socket,
        registry=registry,
        lifeline=Lifeline(lifeline),
    )


def metrics_of(engine: InferenceService) -> Callable[[], Awaitable[bytes]] | None:
    """Reads an engine's metrics when they are kept in another process."""
    return engine.metrics if isinstance(engine, EngineProcess) else None


async def _own_process(
    settings: Settings, registry: CollectorRegistry, stack: AsyncExitStack
) -> EngineProcess:
    supervisor = Supervisor(
        ChildCommand(
            argv=(sys.executable, "-m", "bot", "engine-child", "--socket", "{socket}"),
            first_line=settings.for_engine().encode(),
            environment=engine_environment(),
        ),
        watchdog=Watchdog(step_s=settings.inference.step_limit_s),
        restarts=RestartPolicy(),
        metrics=SupervisorMetrics(registry),
    )
    engine = EngineProcess(supervisor)
    await engine.start()
    stack.push_async_callback(engine.stop)
    if supervisor.socket is not None:
        noting = asyncio.create_task(_note(settings, engine, supervisor.socket))
        stack.callback(forget_note, settings)
        stack.callback(noting.cancel)
    return engine


async def _note(settings: Settings, engine: EngineProcess, socket: Path) -> None:
    """Once the engine is ready, let terminals find it; an engine without model is of no use."""
    try:
        await engine.ready()
        write_note(settings, socket=socket, model_name=engine.model_name)
    except ModelUnavailableError:
        return
    except OSError as exc:
        structlog.get_logger().warning("engine_not_noted", reason=str(exc))


async def _borrowed(settings: Settings) -> EngineProcess | None:
    note = await asyncio.to_thread(find_note, settings)
    if note is None:
        return None
    try:
        return await attach(Path(note.socket), model=note.model_name)
    except AttachError as exc:
        structlog.get_logger().info("engine_not_borrowed", reason=str(exc))
        return None


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

    def __init__(self, engine: InferenceService) -> None:
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

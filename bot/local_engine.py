"""The engine in this process, as settings describe it: models found, verified, loaded lazily.

The engine's own process imports little beside this, because a restart waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from prometheus_client import CollectorRegistry

from inference import Engine, ModelUnavailableError
from inference.backends.base import Backend, EncoderBackend
from inference.models.catalog import resolve
from inference.models.errors import ModelError
from inference.process.lifeline import Lifeline
from inference.process.serving import serve_engine

from .settings import Settings


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

"""The engine in this process, as settings describe it: models found, verified, loaded lazily.

The engine's own process imports little beside this, because a restart waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from prometheus_client import CollectorRegistry

from inference import Engine
from inference.backends.base import EncoderBackend
from inference.process.lifeline import Lifeline
from inference.process.serving import serve_engine

from .local_model import LocalModel, find_model
from .settings import Settings


def local_engine(
    settings: Settings,
    *,
    generator: bool = True,
    encoder: bool = True,
    registry: CollectorRegistry | None = None,
) -> Engine:
    """An engine for this process, not started."""
    model = LocalModel(settings)
    return Engine(
        load_generator=model.load if generator else None,
        load_encoder=_encoder(settings) if encoder else None,
        parts=model.parts(),
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


def _encoder(settings: Settings) -> Callable[[], EncoderBackend]:
    def load() -> EncoderBackend:
        from inference.backends.llama_encoder import LlamaEncoder
        from inference.backends.options import LlamaOptions
        from inference.paced_encoder import PacedEncoder

        options = LlamaOptions(n_threads=settings.inference.n_threads)
        encoder = LlamaEncoder(find_model(settings.inference.encoder, settings), options)
        return PacedEncoder(encoder) if settings.inference.adapt_threads else encoder

    return load

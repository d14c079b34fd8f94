"""The other side of the socket: an engine served for as long as the parent lives."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from ..engine import Engine
from ..server import build_app, listening
from .lifeline import Lifeline

_MAX_BODY_BYTES = 64 * 2**20
_GRACE_S = 0.5


async def serve_engine(
    engine: Engine, *, socket: Path, registry: CollectorRegistry, lifeline: Lifeline
) -> None:
    """Start an engine, serve it on a Unix socket, and stop it once the parent is gone.

    Args:
        engine: Not started yet.
        registry: The one that the engine writes its metrics to.

    Raises:
        ListenError: The socket cannot be made there.
    """
    gone = lifeline.watch()
    app = build_app(
        engine,
        max_body_bytes=_MAX_BODY_BYTES,
        registry=registry,
        step_seconds=engine.step_seconds,
    )
    await engine.start()
    try:
        async with listening(app, socket_path=socket, grace_s=_GRACE_S):
            await gone.wait()
    finally:
        await engine.stop()
        lifeline.release()

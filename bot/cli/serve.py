"""`opsbot serve`: the models of this machine behind OpenAI's API, without the bot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .context import read_settings
from .output import WRONG_USE, console, fail
from .up import stop_signal

if TYPE_CHECKING:
    from ..settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen, and for whom.

    Attributes:
        socket_path: A Unix socket instead of host and port.
        token: What callers must send; None: nothing.
    """

    host: str
    port: int
    socket_path: Path | None
    token: str | None


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address; default 127.0.0.1, beyond it only with a token.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; default 8791, 0 takes any free one.")
    ] = None,
    socket: Annotated[
        Path | None, typer.Option(help="Listen on this Unix socket instead; only you can connect.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Bearer token; better set as OPSBOT_SERVE__TOKEN, out of others' sight."),
    ] = None,
) -> None:
    """Serve the models over HTTP as OpenAI's API does, until interrupted."""
    from inference import InferenceError

    from ..log_setup import set_up_logging

    if socket is not None and (host is not None or port is not None):
        fail("give either --socket or --host and --port", WRONG_USE)
    if token is not None and not token.strip():
        fail("the token must not be empty", WRONG_USE)
    settings = read_settings()
    place = _place(settings, host=host, port=port, socket=socket, token=token)
    set_up_logging(settings.log_level)
    try:
        asyncio.run(_serve(settings, place))
    except InferenceError as exc:
        fail(str(exc))


def _place(
    settings: Settings,
    *,
    host: str | None,
    port: int | None,
    socket: Path | None,
    token: str | None,
) -> Place:
    """Options before settings; ends the command where strangers could come in."""
    from inference.server import is_loopback

    place = Place(
        host=host or settings.serve.host,
        port=settings.serve.port if port is None else port,
        socket_path=socket,
        token=token or settings.serve.token.get_secret_value() or None,
    )
    if socket is None and place.token is None and not is_loopback(place.host):
        fail(
            f"{place.host} can be reached from other machines: set a token (OPSBOT_SERVE__TOKEN)",
            WRONG_USE,
        )
    return place


async def _serve(settings: Settings, place: Place) -> None:
    from prometheus_client import CollectorRegistry

    from inference.server import build_app, listening

    from ..local_engine import local_engine

    stopped = stop_signal()
    registry = CollectorRegistry()
    engine = local_engine(settings, registry=registry)
    await engine.start()
    try:
        app = build_app(
            engine,
            token=place.token,
            max_body_bytes=settings.serve.max_body_bytes,
            registry=registry,
            step_seconds=engine.step_seconds,
        )
        async with listening(
            app, host=place.host, port=place.port, socket_path=place.socket_path
        ) as address:
            console.print(f"opsbot serves on {address}; Ctrl-C ends it", highlight=False)
            await stopped.wait()
    finally:
        await engine.stop()

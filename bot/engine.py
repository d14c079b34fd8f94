"""The inference engine, wherever it runs: in a child, in a running bot's child, or here."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from inference import InferenceService, ModelUnavailableError
from inference.process.engine_process import EngineProcess, attach
from inference.process.errors import AttachError
from inference.process.metrics import SupervisorMetrics
from inference.process.restart_policy import RestartPolicy
from inference.process.socket_folder import remove_socket
from inference.process.supervisor import ChildCommand, Supervisor
from inference.process.watchdog import Watchdog

from .engine_note import find_note, forget_dead_note, forget_note, write_note
from .local_engine import local_engine
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


def metrics_of(engine: InferenceService) -> Callable[[], Awaitable[bytes]] | None:
    """Reads an engine's metrics when they are kept in another process."""
    return engine.metrics if isinstance(engine, EngineProcess) else None


async def _own_process(
    settings: Settings, registry: CollectorRegistry, stack: AsyncExitStack
) -> EngineProcess:
    left_behind = await asyncio.to_thread(forget_dead_note, settings)
    if left_behind is not None:
        remove_socket(left_behind)
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

"""An engine on the fake backend, alive in another thread's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from inference import Engine
from inference.backends.fake import FakeBackend, FakeEncoder

T = TypeVar("T")


@asynccontextmanager
async def running() -> AsyncGenerator[Engine]:
    engine = Engine(
        load_generator=lambda: FakeBackend(n_ctx=2048, n_batch=256), load_encoder=FakeEncoder
    )
    await engine.start()
    try:
        await engine.ready()
        yield engine
    finally:
        await engine.stop()


@pytest.fixture(scope="module")
def engine(loop_thread: asyncio.AbstractEventLoop) -> Iterator[Engine]:
    """A started engine that belongs to `loop_thread`."""

    def there(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop_thread).result(20)

    context = running()
    yield there(context.__aenter__())
    there(context.__aexit__(None, None, None))

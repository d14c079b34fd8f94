"""A server on a free port, in front of an engine without weights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from inference import Engine
from inference.backends.fake import FakeBackend, FakeEncoder
from inference.server import build_app, listening

LIMIT_S = 20


@pytest.fixture
def serving() -> Callable[..., AbstractAsyncContextManager[str]]:
    """Serve an engine, one on the fakes unless another is given; what it yields is the URL."""

    @asynccontextmanager
    async def serve(engine: Engine | None = None, **options: Any) -> AsyncGenerator[str, None]:
        engine = engine or Engine(load_generator=FakeBackend, load_encoder=FakeEncoder)
        async with asyncio.timeout(LIMIT_S):
            await engine.start()
            try:
                async with listening(build_app(engine, **options), grace_s=0.5) as url:
                    yield url
            finally:
                await engine.stop()

    return serve

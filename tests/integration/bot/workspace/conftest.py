"""A running workspace and a real Bolt application connected to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import forget_proxies
from bot.workspace import Workspace, running_workspace

Listen = Callable[[Any], None]
Connect = Callable[[Workspace, Listen], AbstractAsyncContextManager[Any]]


@pytest.fixture
async def workspace() -> AsyncGenerator[Workspace]:
    async with running_workspace() as running:
        yield running


@asynccontextmanager
async def connected(workspace: Workspace, listen: Listen) -> AsyncGenerator[Any]:
    """A Bolt application (untyped, as Bolt is) with the listeners that `listen` registers."""
    forget_proxies()
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    app = AsyncApp(client=client)
    listen(app)
    handler: Any = AsyncSocketModeHandler(app, workspace.app_token, ping_interval=0.5)
    await handler.connect_async()
    await workspace.wait_for_bot()
    try:
        yield app
    finally:
        await handler.close_async()


@pytest.fixture
def connect() -> Connect:
    return connected

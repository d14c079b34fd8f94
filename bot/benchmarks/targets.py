"""The servers that a load is sent to: our own, started for it or running, and another one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from .chat_client import ChatClient, Endpoint
from .errors import BenchmarkError
from .serving import own_server


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Which servers.

    Attributes:
        url: Base URL of ours; None: one is started and ended.
        token: What ours wants to be sent; empty: nothing.
        against: Base URL of the other one; None: there is none.
    """

    url: str | None = None
    token: str = ""
    against: str | None = None
    against_token: str = ""


@asynccontextmanager
async def open_targets(
    targets: Targets, progress: Callable[[str], None]
) -> AsyncGenerator[list[ChatClient]]:
    """Clients of the servers, ours first.

    Raises:
        BenchmarkError: Ours could not be started.
    """
    async with AsyncExitStack() as stack:
        url = targets.url
        if url is None:
            progress("starting the server")
            url = await stack.enter_async_context(own_server())
        endpoints = [Endpoint(name="opsbot", url=url, token=targets.token)]
        if targets.against is not None:
            endpoints.append(
                Endpoint(name="other", url=targets.against, token=targets.against_token)
            )
        yield [await stack.enter_async_context(ChatClient(endpoint)) for endpoint in endpoints]


def base_url(text: str) -> str:
    """A server's base URL as somebody wrote it, without `/v1` and slashes at its end.

    Raises:
        BenchmarkError: It is no http or https URL.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise BenchmarkError(f"{text!r} is no URL of a server, write http://host:port")
    return text.strip().rstrip("/").removesuffix("/v1").rstrip("/")

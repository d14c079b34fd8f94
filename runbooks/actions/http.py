"""Ask one URL: this machine over http, others over https; no redirect is followed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from .base import ActionContext, ActionEvent, ActionResult, Line
from .kinds import Action, HttpAction
from .output import LineCleaner, bounded, safe_text

MAX_BODY_BYTES = 65536
MAX_SHOWN_CHARS = 4000


class HttpRunner:
    """Runs HTTP actions."""

    def __init__(
        self,
        *,
        plain_hosts: frozenset[str] = frozenset(),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Set what may be reached.

        Args:
            plain_hosts: Hosts that may be asked over http although they are not this machine.
            transport: How requests are sent; default: over the network, without a proxy.
        """
        self._plain_hosts = plain_hosts
        self._transport = transport

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; `ok` means that the status is the expected one."""
        if not isinstance(action, HttpAction):
            raise TypeError(f"not a request: {type(action).__name__}")
        began = time.monotonic()
        refusal = self._refusal(action.url)
        if refusal is not None:
            yield _result(began, ok=False, output="", detail=refusal)
            return
        try:
            async with asyncio.timeout(action.timeout_s):
                status, body = await self._ask(action)
        except TimeoutError:
            yield _result(
                began, ok=False, output="", detail=f"timed out after {action.timeout_s:g} s"
            )
            return
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            fault = safe_text(str(exc)) or type(exc).__name__
            yield _result(began, ok=False, output="", detail=f"no answer: {fault}")
            return
        cleaner = LineCleaner()
        lines = [cleaner.clean(line) for line in body.splitlines()]
        for line in lines:
            yield Line(text=line)
        detail = f"{action.method} answered {status}"
        if status != action.expect_status:
            detail += f", expected {action.expect_status}"
        yield _result(
            began,
            ok=status == action.expect_status,
            output=bounded("\n".join(lines), MAX_SHOWN_CHARS),
            detail=detail,
        )

    def _refusal(self, url: str) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" and host:
            return None
        if parts.scheme == "http" and (_is_loopback(host) or host in self._plain_hosts):
            return None
        return f"only https, or http to this machine, may be asked, not {parts.scheme}://{host}"

    async def _ask(self, action: HttpAction) -> tuple[int, str]:
        async with (
            httpx.AsyncClient(
                transport=self._transport,
                trust_env=False,
                follow_redirects=False,
                timeout=action.timeout_s,
            ) as client,
            client.stream(action.method, action.url) as response,
        ):
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) >= MAX_BODY_BYTES:
                    break
        return response.status_code, body[:MAX_BODY_BYTES].decode("utf-8", errors="replace")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _result(began: float, *, ok: bool, output: str, detail: str) -> ActionResult:
    return ActionResult(
        ok=ok, exit_status=None, seconds=time.monotonic() - began, output=output, detail=detail
    )

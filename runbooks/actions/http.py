"""Ask one URL: a target's, this machine's over http, others' over https; no redirect is followed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from ..errors import ProposalError
from ..targets import HttpTarget, Targets
from .base import ActionContext, ActionEvent
from .kinds import Action, HttpAction
from .output import safe_text
from .pump import Emitter, Ending, failed, pumped

MAX_BODY_BYTES = 65536
_CONNECT_S = 5.0


class HttpRunner:
    """Runs HTTP actions."""

    def __init__(
        self,
        targets: Targets | None = None,
        *,
        plain_hosts: frozenset[str] = frozenset(),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Set what may be reached.

        Args:
            plain_hosts: Hosts that may be asked over http although they are not this machine.
            transport: How requests are sent; default: over the network, without a proxy.
        """
        self._targets = targets or Targets()
        self._plain_hosts = plain_hosts
        self._transport = transport

    async def run(
        self, action: Action, context: ActionContext
    ) -> AsyncGenerator[ActionEvent, None]:
        """See `ActionRunner.run`; `ok` means that the status is the expected one."""
        if not isinstance(action, HttpAction):
            raise TypeError(f"not a request: {type(action).__name__}")
        try:
            request = self._request(action)
        except ProposalError as exc:
            yield failed(str(exc))
            return
        pump = pumped(request.ask, action.timeout_s, request.secrets)
        async with contextlib.aclosing(pump) as events:
            async for event in events:
                yield event

    def _request(self, action: HttpAction) -> _Request:
        if not action.target:
            self._check(action.url)
            return _Request(action=action, url=action.url, transport=self._transport)
        target = self._targets.get(action.target, HttpTarget)
        if not action.url.startswith("/"):
            raise ProposalError(f"with a target the url must be a path, not {action.url!r}")
        return _Request(
            action=action,
            url=target.base_url.rstrip("/") + action.url,
            credentials=target.headers,
            transport=self._transport,
        )

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" and host:
            return
        if parts.scheme == "http" and (_is_loopback(host) or host in self._plain_hosts):
            return
        raise ProposalError(
            f"only https, http to this machine, or a target of the settings may be asked, "
            f"not {parts.scheme}://{host}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    action: HttpAction
    url: str
    transport: httpx.AsyncBaseTransport | None
    credentials: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def secrets(self) -> tuple[str, ...]:
        """A service may send its caller's credentials back; both the header and its last word."""
        values = self.credentials.values()
        return tuple({word for value in values for word in (value, value.rsplit(" ", 1)[-1])})

    async def ask(self, emitter: Emitter) -> Ending:
        action = self.action
        try:
            status = await self._stream(emitter)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
            fault = safe_text(str(exc), self.secrets) or type(exc).__name__
            return Ending(ok=False, detail=f"no answer: {fault}")
        ok = status == action.expect_status
        expected = "" if ok else f", expected {action.expect_status}"
        return Ending(ok=ok, detail=f"{action.method} answered {status}{expected}")

    async def _stream(self, emitter: Emitter) -> int:
        client = httpx.AsyncClient(
            transport=self.transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self.action.timeout_s, connect=_CONNECT_S),
        )
        headers = {"Accept-Encoding": "identity", **self.action.headers, **self.credentials}
        body = self.action.body.encode() if self.action.body is not None else None
        async with (
            client,
            client.stream(self.action.method, self.url, headers=headers, content=body) as response,
        ):
            n_left = MAX_BODY_BYTES
            async for chunk in response.aiter_bytes():
                emitter.feed(chunk[:n_left])
                n_left -= len(chunk)
                if n_left < 0:
                    emitter.intake.note(
                        f"… cut: only the first {MAX_BODY_BYTES} bytes of the answer were read …"
                    )
                    break
        return response.status_code


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

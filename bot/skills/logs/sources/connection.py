"""One conversation with a log server over HTTP, within limits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from ....settings import is_loopback
from .errors import OutOfTimeError, RefusedError, SourceFailedError
from .limits import Limits

_PASSING = frozenset({429, 502, 503, 504})
_MAX_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server is.

    Attributes:
        url: Base URL, with a path when a proxy adds one.
        headers: Sent with each request; they may hold secrets.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


class Connection:
    """One conversation with a server; use it as a context manager. Blocks."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._limits = limits
        self._began = time.monotonic()
        self._client = httpx.Client(
            base_url=endpoint.url.rstrip("/") + "/",
            headers=dict(endpoint.headers),
            timeout=httpx.Timeout(limits.silence_s),
            trust_env=not is_loopback(endpoint.url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        is_last: bool = False,
    ) -> bytes:
        """Send a request, again when the server is only busy, and give the answer's body.

        Args:
            is_last: Whether it only tidies up; then it is sent once, even after the time is up.

        Raises:
            RefusedError: The answer is a refusal.
            SourceFailedError: There is no answer, the time is up, or reading was stopped.
        """
        waits_s = () if is_last else self._limits.retry_waits_s
        for wait_s in (*waits_s, None):
            if not is_last:
                self._check()
            try:
                response = self._client.request(method, path.lstrip("/"), params=params, json=body)
            except httpx.HTTPError as exc:
                if wait_s is None:
                    raise SourceFailedError(_reason(exc)) from exc
            else:
                if response.is_success:
                    return response.content
                if wait_s is None or response.status_code not in _PASSING:
                    raise RefusedError(response.status_code, _said(response))
            self._limits.stop.wait(wait_s)
        raise SourceFailedError("the server was not asked")

    def _check(self) -> None:
        if self._limits.stop.is_set():
            raise SourceFailedError("reading was stopped")
        if time.monotonic() - self._began > self._limits.total_s:
            raise OutOfTimeError(f"it took longer than {self._limits.total_s:g} s")


def _reason(exc: httpx.HTTPError) -> str:
    if isinstance(exc, httpx.TimeoutException):
        return "the server did not answer in time"
    return f"the server cannot be reached: {exc or type(exc).__name__}"


def _said(response: httpx.Response) -> str:
    text = " ".join(response.text.split())
    return text if len(text) <= _MAX_REASON else f"{text[:_MAX_REASON]}..."

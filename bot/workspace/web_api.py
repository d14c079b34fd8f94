"""The addresses the bot calls: Web API, uploads, file downloads, response URLs."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass

from aiohttp import web

from .bodies import read_arguments
from .core import Core
from .errors import ApiError, RateLimitedError
from .faults import Fault
from .json_values import JsonObject, is_object
from .methods import METHODS
from .methods.call import Call
from .traffic import ApiCall

_APP_TOKEN_METHODS = {"apps.connections.open"}
_NO_TOKEN_METHODS = {"api.test"}


@dataclass(frozen=True, slots=True)
class _Answer:
    body: JsonObject
    status: int = 200
    headers: dict[str, str] | None = None


class WebApi:
    """Handles what the bot sends over HTTP."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """Paths and their handlers."""
        return [
            web.get("/api/{method}", self.call),
            web.post("/api/{method}", self.call),
            web.post("/upload/v1/{file_id}", self.upload),
            web.put("/upload/v1/{file_id}", self.upload),
            web.get("/files-pri/{file_id}/{name}", self.download),
            web.post("/hook/{hook_id}", self.hook),
            web.get("/link/", self._core.sockets.serve),
        ]

    async def call(self, request: web.Request) -> web.Response:
        """One Web API call; always answered, always logged."""
        method = request.match_info["method"]
        started, arguments = time.monotonic(), JsonObject()
        try:
            arguments = await read_arguments(request)
            answer = self._answer(method, request, arguments)
        except RateLimitedError as exc:
            headers = {"Retry-After": str(exc.retry_after_s)}
            answer = _Answer({"ok": False, "error": exc.code}, 429, headers)
        except ApiError as exc:
            answer = _Answer(_refusal(exc))
        self._core.traffic.add_call(
            ApiCall(
                number=self._core.traffic.next_number(),
                method=method,
                arguments=arguments,
                response=answer.body,
                status=answer.status,
                at=time.time(),
                elapsed_ms=(time.monotonic() - started) * 1000,
            )
        )
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, raw or as a form's only file."""
        file = self._core.state.files.get(request.match_info["file_id"])
        if file is None or file.file_id in self._core.state.contents:
            return web.Response(status=404, text="unknown or used upload address")
        content = await _file_bytes(request)
        if len(content) != file.size_bytes:
            return web.Response(status=400, text="the size differs from the announced length")
        self._core.state.contents[file.file_id] = content
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """A file's bytes, for the bot."""
        if not self._has_token(request, self._core.access.bot_token):
            return web.Response(status=403, text="a bot token is needed")
        file_id = request.match_info["file_id"]
        content = self._core.state.contents.get(file_id)
        if content is None:
            return web.Response(status=404, text="no such file")
        return web.Response(body=content, content_type=self._core.state.files[file_id].mimetype)

    async def hook(self, request: web.Request) -> web.Response:
        """A post to a response URL."""
        try:
            body: object = json.loads(await request.text())
        except json.JSONDecodeError:
            body = None
        if not is_object(body):
            return web.Response(status=400, text="invalid_payload")
        try:
            self._core.response_urls.use(request.match_info["hook_id"], body)
        except ApiError as exc:
            missing = exc.code in {"invalid_url", "expired_url", "used_url"}
            return web.Response(status=404 if missing else 400, text=exc.code)
        return web.Response(text="ok")

    def _answer(self, method: str, request: web.Request, arguments: JsonObject) -> _Answer:
        fault = self._core.faults.take(method)
        if fault is not None:
            return _faulty(fault)
        handler = METHODS.get(method)
        if handler is None:
            raise ApiError("unknown_method")
        self._check_token(method, request)
        self._check_rate(method, arguments)
        return _Answer({"ok": True, **handler(Call(self._core, arguments))})

    def _check_token(self, method: str, request: web.Request) -> None:
        if method in _NO_TOKEN_METHODS:
            return
        access = self._core.access
        wanted = access.app_token if method in _APP_TOKEN_METHODS else access.bot_token
        if "Authorization" not in request.headers:
            raise ApiError("not_authed")
        if not self._has_token(request, wanted):
            other = access.bot_token if wanted == access.app_token else access.app_token
            wrong_kind = self._has_token(request, other)
            raise ApiError("not_allowed_token_type" if wrong_kind else "invalid_auth")

    def _check_rate(self, method: str, arguments: JsonObject) -> None:
        if self._core.rate_limits is None:
            return
        channel_id = str(arguments.get("channel", ""))
        wait_s = self._core.rate_limits.wait_s(method, channel_id, time.monotonic())
        if wait_s is not None:
            raise RateLimitedError(wait_s)

    @staticmethod
    def _has_token(request: web.Request, token: str) -> bool:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


async def _file_bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for value in (await request.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""


def _faulty(fault: Fault) -> _Answer:
    return _Answer({"ok": False, "error": fault.error}, fault.status, fault.headers)


def _refusal(exc: ApiError) -> JsonObject:
    body: JsonObject = {"ok": False, "error": exc.code}
    if exc.messages:
        body["response_metadata"] = {"messages": list(exc.messages)}
    return body

"""What a caller is told when a request cannot be answered, as OpenAI's API says it.

InferenceError
├── ApiError      an HTTP status with its JSON body
└── ListenError   the server cannot listen where it should
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import (
    ChatTemplateError,
    GrammarError,
    InferenceError,
    ModelUnavailableError,
    PromptTooLongError,
    RequestEndedError,
)
from ..request import Ended, Fault, Started

_STATUS: Mapping[Fault, int] = {
    Fault.INVALID_MESSAGES: 400,
    Fault.PROMPT_TOO_LONG: 400,
    Fault.INVALID_GRAMMAR: 400,
    Fault.DUPLICATE_ID: 409,
    Fault.QUEUE_FULL: 429,
    Fault.LOST: 502,
    Fault.UNAVAILABLE: 503,
    Fault.DEADLINE: 504,
    Fault.INTERNAL: 500,
}
_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_RETRY_AFTER_S: Mapping[int, str] = {429: "1", 503: "2"}
_CAN_BE_RETRIED = frozenset({429, 502, 503})


class ListenError(InferenceError):
    """The server cannot listen; the message says where and why."""


class ApiError(InferenceError):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status.
        code: For programs: a `Fault`'s value, or a word of the wire protocol.
        param: The field that is wrong; None when it is not about one.
        extension: Sent beside the error, under "opsbot".
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        extension: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.extension = extension

    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error: dict[str, object] = {
            "message": str(self),
            "type": _TYPES.get(self.status, kind),
            "code": self.code,
            "param": self.param,
        }
        body: dict[str, object] = {"error": error}
        return body | ({"opsbot": self.extension} if self.extension else {})

    def response(self) -> web.Response:
        """The answer; its headers tell clients whether to try again by themselves."""
        headers = {"x-should-retry": "true" if self.status in _CAN_BE_RETRIED else "false"}
        if self.status in _RETRY_AFTER_S:
            headers["Retry-After"] = _RETRY_AFTER_S[self.status]
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return web.json_response(self.body(), status=self.status, headers=headers)


def invalid(message: str, *, param: str | None = None, code: str = "invalid_value") -> ApiError:
    """A request that is wrong in itself."""
    return ApiError(400, message, code=code, param=param)


def of_end(ended: Ended, started: Started | None) -> ApiError:
    """The error that a request's end is when there is no answer to show."""
    fault = ended.fault or Fault.INTERNAL
    extension: dict[str, object] = {"ended": asdict(ended)}
    if started is not None:
        extension["started"] = asdict(started)
    message = ended.reason or f"the request was {ended.outcome.value}"
    return ApiError(_STATUS[fault], message, code=fault.value, extension=extension)


def of_exception(exc: InferenceError) -> ApiError:
    """The error that one of the package's exceptions is to a caller."""
    if isinstance(exc, ApiError):
        return exc
    if isinstance(exc, RequestEndedError):
        fault = exc.fault or Fault.INTERNAL
        return ApiError(_STATUS[fault], str(exc), code=fault.value)
    faults: tuple[tuple[type[InferenceError], Fault], ...] = (
        (ModelUnavailableError, Fault.UNAVAILABLE),
        (PromptTooLongError, Fault.PROMPT_TOO_LONG),
        (GrammarError, Fault.INVALID_GRAMMAR),
        (ChatTemplateError, Fault.INVALID_MESSAGES),
    )
    fault = next((fault for kind, fault in faults if isinstance(exc, kind)), Fault.INTERNAL)
    return ApiError(_STATUS[fault], str(exc), code=fault.value)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal as JSON, the router's own included."""
    try:
        return await handler(request)
    except InferenceError as exc:
        return of_exception(exc).response()
    except web.HTTPNotFound:
        return ApiError(404, f"there is no {request.path}", code="not_found").response()
    except web.HTTPMethodNotAllowed as exc:
        allowed = ", ".join(sorted(exc.allowed_methods))
        message = f"{request.path} takes {allowed}, not {request.method}"
        response = ApiError(405, message, code="method_not_allowed").response()
        response.headers["Allow"] = allowed
        return response

"""The OpenAI wire format as a client sees it, with this project's own additions to it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..request import Ended, Fault, GenerateRequest, Priority, Started
from .errors import EndpointError, EndpointUnavailableError

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

_MAX_QUOTE = 300
_RETRY_STATUS = frozenset({408, 429, 502, 503})
_FAULTS = {400: Fault.INVALID_MESSAGES, 413: Fault.PROMPT_TOO_LONG, 422: Fault.INVALID_MESSAGES}
_CODES = {"context_length_exceeded": Fault.PROMPT_TOO_LONG}


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Delta(_Wire):
    content: str | None = None


class _Choice(_Wire):
    delta: _Delta = Field(default_factory=_Delta)
    finish_reason: str | None = None


class _PromptDetails(_Wire):
    cached_tokens: int | None = None


class Usage(_Wire):
    """What an endpoint says that a request cost, in tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None

    @property
    def n_cached(self) -> int:
        """Prompt tokens that came from a prefix cache; 0 when the endpoint does not say."""
        details = self.prompt_tokens_details
        return (details.cached_tokens or 0) if details is not None else 0


class _Error(_Wire):
    message: str = ""
    code: str | int | None = None


class _Extension(_Wire):
    started: Started | None = None
    ended: Ended | None = None


class Chunk(_Wire):
    """One event of a streamed completion."""

    choices: tuple[_Choice, ...] = ()
    usage: Usage | None = None
    error: _Error | None = None
    opsbot: _Extension = Field(default_factory=_Extension)

    @property
    def text(self) -> str:
        """The text that it adds."""
        return "".join(choice.delta.content or "" for choice in self.choices)

    @property
    def finish_reason(self) -> str | None:
        """Why the endpoint stopped, when it did."""
        return next((c.finish_reason for c in self.choices if c.finish_reason), None)


class _Failure(_Wire):
    error: _Error | str
    opsbot: _Extension = Field(default_factory=_Extension)


class _Vector(_Wire):
    index: int = Field(ge=0)
    embedding: list[float] | Annotated[str, Field(max_length=1 << 20)]

    def row(self) -> NDArray[np.float32]:
        """The vector, which may come as numbers or as little-endian floats in base64."""
        if isinstance(self.embedding, str):
            return np.frombuffer(base64.b64decode(self.embedding, validate=True), dtype="<f4")
        return np.array(self.embedding, dtype=np.float32)


class _Vectors(_Wire):
    data: tuple[_Vector, ...]


def chat_body(
    request: GenerateRequest, *, model: str, grammar_field: str | None, is_opsbot: bool
) -> dict[str, Json]:
    """The JSON body of a streamed chat completion.

    Args:
        model: What the endpoint calls the model.
        grammar_field: The field in which the endpoint takes a GBNF grammar; None: nowhere.
        is_opsbot: Send this project's own fields too.
    """
    sampling = request.sampling
    body: dict[str, Json] = {
        "model": model,
        "messages": [{"role": m.role.value, "content": m.content} for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.stop:
        body["stop"] = list(request.stop)
    if request.grammar is not None and grammar_field is not None:
        body[grammar_field] = request.grammar
    return body | _own_fields(request) if is_opsbot else body


def _own_fields(request: GenerateRequest) -> dict[str, Json]:
    sampling = request.sampling
    is_waited_for = request.priority is Priority.INTERACTIVE
    fields: dict[str, Json] = {
        "request_id": request.request_id,
        "priority": "interactive" if is_waited_for else "background",
        "pin_prefix": request.pin_prefix,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
    }
    if request.deadline_s is not None:
        fields["deadline_s"] = request.deadline_s
    return fields


def parse_chunk(data: str) -> Chunk:
    """Read one event's data.

    Raises:
        EndpointError: It is not what a completion endpoint sends.
    """
    try:
        chunk = Chunk.model_validate_json(data)
    except ValidationError as exc:
        quote = data[:_MAX_QUOTE]
        raise EndpointError(f"the endpoint sent something else: {quote}", Fault.INTERNAL) from exc
    if chunk.error is not None and chunk.opsbot.ended is None:
        raise EndpointError(
            chunk.error.message or "the endpoint failed", _fault(chunk.error.code, 500)
        )
    return chunk


def parse_vectors(body: bytes, n_texts: int) -> NDArray[np.float32]:
    """Read the answer of an embeddings endpoint.

    Returns:
        Shape (n_texts, n_dimensions), in the order of the texts.

    Raises:
        EndpointError: It is no such answer, or not one vector of the same length for each text.
    """
    try:
        vectors = sorted(_Vectors.model_validate_json(body).data, key=lambda v: v.index)
        rows = [vector.row() for vector in vectors]
    except ValueError as exc:
        quote = body[:_MAX_QUOTE].decode(errors="replace")
        raise EndpointError(f"the endpoint sent no vectors: {quote}", Fault.INTERNAL) from exc
    lengths = {len(row) for row in rows}
    if len(rows) != n_texts or len(lengths) > 1 or 0 in lengths:
        raise EndpointError(
            f"asked for {n_texts} vectors, got {len(rows)} of lengths {sorted(lengths)}",
            Fault.INTERNAL,
        )
    return np.stack(rows) if rows else np.zeros((0, 0), dtype=np.float32)


def refusal(
    status: int, body: bytes, *, retry_after_s: float | None = None, where: str
) -> EndpointError:
    """What an HTTP status other than 200 means.

    Args:
        body: What came with it, quoted when it is no error as OpenAI writes it.
        retry_after_s: How long the endpoint asks to wait.
        where: The endpoint in words; empty: the answer's own words are enough.
    """
    failure = _failure(body)
    error = _Error(message=failure.error) if isinstance(failure.error, str) else failure.error
    fault = _fault(error.code, status)
    said = error.message or "no reason given"
    reason = f"{where} answered {status}: {said}" if where or not error.message else said
    can_retry = status in _RETRY_STATUS and not fault.is_callers
    ended = failure.opsbot.ended
    if fault is Fault.UNAVAILABLE:
        return EndpointUnavailableError(
            reason, can_retry=can_retry, retry_after_s=retry_after_s, ended=ended
        )
    return EndpointError(
        reason, fault, can_retry=can_retry, retry_after_s=retry_after_s, ended=ended
    )


def _failure(body: bytes) -> _Failure:
    try:
        return _Failure.model_validate_json(body)
    except ValidationError:
        return _Failure(error=body[:_MAX_QUOTE].decode(errors="replace").strip())


def _fault(code: str | int | None, status: int) -> Fault:
    known: Mapping[str, Fault] = {fault.value: fault for fault in Fault} | _CODES
    if isinstance(code, str) and code in known:
        return known[code]
    if status == 429:
        return Fault.QUEUE_FULL
    if status in _FAULTS:
        return _FAULTS[status]
    # Wrong tokens, wrong addresses and gateways without a server: somebody else may do better.
    return Fault.INTERNAL if status in (500, 501) else Fault.UNAVAILABLE

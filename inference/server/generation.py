"""A checked body as a request to the engine."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping

from ..errors import GrammarError
from ..json_schema import grammar_of
from ..request import ChatMessage, Fault, GenerateRequest, Role, Sampling
from .errors import invalid
from .wire import ChatBody, CompletionBody, GenerationBody, JsonObjectFormat, JsonSchemaFormat

CHAT_MAX_TOKENS = 1024
COMPLETION_MAX_TOKENS = 16
"""Length of an answer when the caller names none; 16 is what OpenAI documents."""

_SAMPLING_FIELDS = {"temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed"}
_ANY_OBJECT: Mapping[str, object] = {"type": "object"}


async def chat_request(body: ChatBody) -> GenerateRequest:
    """What a chat completion asks for.

    Raises:
        ApiError: Its schema cannot be enforced.
    """
    messages = tuple(message.as_chat() for message in body.messages)
    max_tokens = body.max_tokens or body.max_completion_tokens or CHAT_MAX_TOKENS
    return await _request(body, messages, max_tokens, pin_prefix=body.pin_prefix or 0)


async def completion_request(body: CompletionBody) -> GenerateRequest:
    """What a text completion asks for.

    Raises:
        ApiError: Its schema cannot be enforced.
    """
    messages = (ChatMessage(Role.USER, body.prompt),)
    return await _request(body, messages, body.max_tokens or COMPLETION_MAX_TOKENS)


async def _request(
    body: GenerationBody,
    messages: tuple[ChatMessage, ...],
    max_tokens: int,
    *,
    pin_prefix: int = 0,
) -> GenerateRequest:
    return GenerateRequest(
        request_id=body.request_id or f"http-{uuid.uuid4().hex[:16]}",
        messages=messages,
        max_tokens=max_tokens,
        sampling=Sampling(**body.model_dump(include=_SAMPLING_FIELDS, exclude_none=True)),
        grammar=await _grammar(body),
        stop=tuple(body.stop or ()),
        priority=body.scheduling_class,
        deadline_s=body.deadline_s,
        pin_prefix=pin_prefix,
    )


async def _grammar(body: GenerationBody) -> str | None:
    if isinstance(body.response_format, JsonObjectFormat):
        schema = _ANY_OBJECT
    elif isinstance(body.response_format, JsonSchemaFormat):
        schema = body.response_format.json_schema.schema_
    else:
        return body.grammar
    try:
        return await asyncio.to_thread(grammar_of, schema)
    except GrammarError as exc:
        raise invalid(str(exc), param="response_format", code=Fault.INVALID_GRAMMAR.value) from exc

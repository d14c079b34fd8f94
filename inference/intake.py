"""A request on its way to the engine thread: rendered, tokenized, measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from .backends.base import ModelInfo
from .chat_template import ChatTemplate
from .detokenize import TextAssembler
from .errors import ChatTemplateError, GrammarError, PromptTooLongError
from .grammar_limits import checked_grammar
from .request import ChatMessage, Event, GenerateRequest, Priority, Role
from .sequence import Sequence


class Purpose(Enum):
    """What a request is for."""

    ANSWER = "answer"
    WARMING = "warming"
    """Only prefill, and pin, what many requests will begin with."""
    EAGER = "eager"
    """Only prefill what somebody may go on with."""


@dataclass(slots=True, kw_only=True, eq=False)
class Handle:
    """A live request on the asyncio side.

    Attributes:
        order: Rank of arrival.
        wake: Set when the model is settled or the request is cancelled.
        is_submitted: Whether the engine thread has it and will emit its end.
    """

    request: GenerateRequest
    order: int
    submitted_mono: float
    purpose: Purpose = Purpose.ANSWER
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_cancelled: bool = False
    is_submitted: bool = False


def warming_request(request_id: str, messages: tuple[ChatMessage, ...]) -> GenerateRequest:
    """A request whose prompt goes on with a user's message after `messages`."""
    return GenerateRequest(
        request_id=request_id,
        messages=(*messages, ChatMessage(Role.USER, "")),
        max_tokens=1,
        priority=Priority.BACKGROUND,
        pin_prefix=len(messages),
    )


def eager_request(request_id: str, messages: tuple[ChatMessage, ...]) -> GenerateRequest:
    """A request that is worth nothing but the cells it leaves behind."""
    return GenerateRequest(
        request_id=request_id, messages=messages, max_tokens=1, priority=Priority.EAGER
    )


def sequence_for(
    handle: Handle, template: ChatTemplate, info: ModelInfo, emit: Callable[[Event], None]
) -> Sequence:
    """Render a request's prompt. Any thread; takes milliseconds per thousand tokens.

    Raises:
        ChatTemplateError: The template refuses the conversation.
        GrammarError: The grammar is nested too deep for native code.
        PromptTooLongError: The prompt leaves no room for a single token of answer.
    """
    request = handle.request
    if request.grammar is not None:
        _check_limits(request.grammar)
    prompt = template.prompt(request.messages)
    n_pinned = prompt.n_prefix(request.pin_prefix)
    tokens = prompt.tokens
    if handle.purpose is Purpose.WARMING:
        tokens = tokens[:n_pinned]
    elif handle.purpose is Purpose.EAGER:
        # NOTE: what ends the last message is left out, for more text may follow it.
        tokens = tokens[: prompt.stops[-1]]
    if not tokens:
        raise ChatTemplateError("there is nothing to compute: the conversation is empty")
    limit = info.n_ctx_seq - 1
    if len(tokens) > limit:
        raise PromptTooLongError(len(tokens), limit)
    return Sequence(
        request_id=request.request_id,
        order=handle.order,
        priority=request.priority,
        prompt=tokens,
        max_tokens=request.max_tokens if handle.purpose is Purpose.ANSWER else 0,
        sampling=request.sampling,
        grammar=request.grammar,
        n_pinned=n_pinned,
        assembler=TextAssembler(request.stop),
        emit=emit,
        submitted_mono=handle.submitted_mono,
        deadline_mono=None
        if request.deadline_s is None
        else handle.submitted_mono + request.deadline_s,
    )


def _check_limits(grammar: str) -> None:
    try:
        checked_grammar(grammar)
    except ValueError as exc:
        raise GrammarError(str(exc)) from exc

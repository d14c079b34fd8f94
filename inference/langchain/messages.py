"""LangChain's messages as the engine's, and the engine's answers as LangChain's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata

from ..request import ChatMessage as EngineMessage
from ..request import Ended, Fault, Outcome, Role
from .errors import InvalidRequestError

_ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "system": Role.SYSTEM,
        "developer": Role.SYSTEM,
        "human": Role.USER,
        "user": Role.USER,
        "ai": Role.ASSISTANT,
        "assistant": Role.ASSISTANT,
    }
)
_FINISH_REASONS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.FINISHED: "stop", Outcome.LENGTH: "length"}
)


def to_engine(messages: Sequence[BaseMessage]) -> tuple[EngineMessage, ...]:
    """Translate a conversation; neighbours of one role become one message.

    Raises:
        InvalidRequestError: There is no message, or one is no plain text of a system, a person or
            an assistant (tool calls, images, sound).
    """
    found: list[EngineMessage] = []
    for message in messages:
        role, text = _role(message), _text(message)
        if found and found[-1].role is role:
            text = f"{found.pop().content}\n\n{text}"
        found.append(EngineMessage(role, text))
    if not found:
        raise _invalid("a chat needs at least one message")
    return tuple(found)


def usage(ended: Ended) -> UsageMetadata:
    """Token counts; those taken from the prefix cache are `cache_read`."""
    stats = ended.stats
    return UsageMetadata(
        input_tokens=stats.n_prompt,
        output_tokens=stats.n_output,
        total_tokens=stats.n_prompt + stats.n_output,
        input_token_details=InputTokenDetails(cache_read=stats.n_cached),
    )


def response_metadata(ended: Ended, model_name: str) -> dict[str, object]:
    """Which model answered, why it stopped and what it cost; times in milliseconds."""
    stats = ended.stats
    return {
        "model_name": model_name,
        "model_provider": "opsbot",
        "finish_reason": _FINISH_REASONS.get(ended.outcome, ended.outcome.value),
        "queue_ms": stats.queue_ms,
        "ttft_ms": stats.ttft_ms,
        "tpot_ms": stats.tpot_ms,
        "n_drafted": stats.n_drafted,
        "n_accepted": stats.n_accepted,
    }


def _role(message: BaseMessage) -> Role:
    name = message.role if isinstance(message, ChatMessage) else message.type
    role = _ROLES.get(name.lower())
    if role is None:
        raise _invalid(f"a message of role {name} is not supported, only {', '.join(_ROLES)}")
    if isinstance(message, AIMessage) and (message.tool_calls or message.invalid_tool_calls):
        raise _invalid("tool calls are not supported")
    return role


def _text(message: BaseMessage) -> str:
    # Its declared type leaves the blocks' own types open.
    content = cast("str | list[str | dict[str, object]]", message.content)
    if isinstance(content, str):
        return content
    return "".join(block if isinstance(block, str) else _text_of_block(block) for block in content)


def _text_of_block(block: Mapping[str, object]) -> str:
    kind, text = block.get("type"), block.get("text")
    if kind != "text" or not isinstance(text, str):
        raise _invalid(f"content of type {kind} is not supported, only text")
    return text


def _invalid(reason: str) -> InvalidRequestError:
    return InvalidRequestError(reason, fault=Fault.INVALID_MESSAGES)

"""The engine as a LangChain chat model."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, get_args

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr, SkipValidation

from ..request import Ended, Fault, GenerateRequest, Priority, TextDelta
from ..service import InferenceService
from .call_options import CallOptions, parse_options
from .errors import InvalidRequestError, error_of
from .loop_bridge import LoopBridge
from .messages import response_metadata, to_engine, usage
from .structured import Method, Schema, Structured, bound_options, parsed


class OpsbotChatModel(BaseChatModel):
    """Chats with the service's generating model.

    Usable from any thread and any event loop; blocking calls inside the service's own loop raise
    `SyncCallError`. A request that does not end well raises a `RequestFailedError`. Tools, images
    and sound are not supported and are refused.

    Attributes:
        service: A started service; it is not stopped here.
        loop: The event loop the service was started on; by default the one that is running now.
        temperature: 0 is greedy: the same prompt gives the same answer.
        top_p: Only the likeliest tokens of this total probability are drawn from.
        repeat_penalty: Above 1 makes tokens of the last ones less likely; small models repeat
            themselves without it. 1 changes nothing.
        seed: Of the draws at a temperature above 0.
        max_tokens: Most tokens of an answer, >= 1; an answer cut there has the finish reason
            "length".
        stop: An answer ends before any of these strings.
        grammar: GBNF with a rule `root` that answers must follow; None for free text.
        timeout: Seconds from the call until a request is given up; None: never.
        max_retries: How often `invoke` asks again when the engine's process dies during an answer.
        streaming: Whether `invoke` takes the streaming path, so that callbacks see each piece.
        priority: INTERACTIVE when a person waits, else BACKGROUND.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    service: SkipValidation[InferenceService] = Field(exclude=True, repr=False)
    loop: asyncio.AbstractEventLoop = Field(
        default_factory=asyncio.get_running_loop, exclude=True, repr=False
    )
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=0.95, gt=0, le=1)
    repeat_penalty: float = Field(default=1.0, gt=0)
    seed: int = 0
    max_tokens: int = Field(default=512, ge=1)
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    timeout: float | None = Field(default=None, gt=0)
    max_retries: int = Field(default=0, ge=0)
    streaming: bool = False
    priority: Priority = Priority.INTERACTIVE
    _bridge: LoopBridge = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        """Find the way to the service's loop."""
        super().model_post_init(context)
        self._bridge = LoopBridge(self.loop)

    @property
    def model_name(self) -> str:
        """What the loaded model calls itself; empty before one is loaded."""
        return self.service.model_name

    @property
    def _llm_type(self) -> str:
        return "opsbot"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        """What decides an answer; LangChain's caches tell models apart by it."""
        own = {name: getattr(self, name) for name in CallOptions.model_fields}
        return {"model_name": self.model_name, **own}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: object) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "opsbot"
        return params

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> ChatResult:
        make = self._maker(messages, stop, kwargs)
        return self._bridge.wait(lambda: self._answer(make))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> ChatResult:
        make = self._maker(messages, stop, kwargs)
        return await self._bridge.run(lambda: self._answer(make))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> Iterator[ChatGenerationChunk]:
        make = self._maker(messages, stop, kwargs)
        return self._bridge.iterate(lambda: self._chunks(make()))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> AsyncIterator[ChatGenerationChunk]:
        make = self._maker(messages, stop, kwargs)
        chunks = self._bridge.stream(lambda: self._chunks(make()))
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    def with_structured_output(
        self,
        schema: Schema,
        *,
        method: Method = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: object,
    ) -> Structured:
        """A model that answers with an instance of a schema, enforced by a grammar.

        The model is not told the schema, only held to it: say in the prompt what the fields mean.
        An answer cut at `max_tokens` is no whole JSON and raises LangChain's parser error.

        Args:
            schema: A pydantic class, a `TypedDict` class, or a JSON schema with a title.
            method: "json_schema"; "function_calling" means the same, for there are no tools;
                "json_mode" allows any JSON object.
            include_raw: Return {"raw", "parsed", "parsing_error"} instead of raising.
            strict: Makes no difference: a grammar is always strict.

        Raises:
            InvalidRequestError: The schema or an option cannot be used.
        """
        if kwargs or method not in get_args(Method):
            raise InvalidRequestError(
                f"with_structured_output takes include_raw, strict, and a method of "
                f"{', '.join(get_args(Method))}; got method={method!r}, {kwargs}"
            )
        model = self.bind(**bound_options(schema, method))
        return parsed(model, schema, include_raw=include_raw)

    def _maker(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, kwargs: dict[str, object]
    ) -> Callable[[], GenerateRequest]:
        """What makes the request, each time with an id of its own.

        Raises:
            InvalidRequestError: Messages or options cannot be used.
        """
        own = {name: getattr(self, name) for name in CallOptions.model_fields}
        options = parse_options({**own, **kwargs, **({} if stop is None else {"stop": stop})})
        conversation = to_engine(messages)
        try:
            options.request("checked", conversation, self.priority)
        except ValueError as exc:
            raise InvalidRequestError(str(exc)) from exc
        return lambda: options.request(_new_id(), conversation, self.priority)

    async def _answer(self, make: Callable[[], GenerateRequest]) -> ChatResult:
        text, ended = await self.service.complete(make())
        for _ in range(self.max_retries):
            if ended.fault is not Fault.LOST:
                break
            text, ended = await self.service.complete(make())
        error = error_of(ended)
        if error is not None:
            raise error
        message = AIMessage(
            content=text,
            usage_metadata=usage(ended),
            response_metadata=response_metadata(ended, self.model_name),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _chunks(self, request: GenerateRequest) -> AsyncGenerator[ChatGenerationChunk, None]:
        """The answer piece by piece; the last piece is empty and has what it cost."""
        async with aclosing(self.service.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield ChatGenerationChunk(message=AIMessageChunk(content=event.text))
                elif isinstance(event, Ended):
                    yield self._last_chunk(event)

    def _last_chunk(self, ended: Ended) -> ChatGenerationChunk:
        error = error_of(ended)
        if error is not None:
            raise error
        message = AIMessageChunk(
            content="",
            usage_metadata=usage(ended),
            response_metadata=response_metadata(ended, self.model_name),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)


def _new_id() -> str:
    return f"langchain-{uuid.uuid4().hex}"

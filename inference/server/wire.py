"""What callers send, checked field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..grammar_limits import checked_grammar
from ..json_schema import MAX_GRAMMAR_CHARS
from ..request import ChatMessage, Priority, Role
from .neutral import without_neutral

MAX_TOKENS = 1_000_000
MAX_STOPS = 16
MAX_MESSAGES = 4096
MAX_TEXTS = 2048

RequestId: TypeAlias = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _joined_text(content: object) -> object:
    """A content's text; parts are joined, and only text parts are understood."""
    if not isinstance(content, list):
        return content
    texts: list[str] = []
    for part in cast("list[object]", content):
        fields = cast("dict[str, object]", part) if isinstance(part, dict) else {}
        if fields.get("type") != "text" or not isinstance(fields.get("text"), str):
            kind = fields.get("type", "untyped")
            raise ValueError(f"only parts of the type 'text' are supported, not {kind!r}")
        texts.append(str(fields["text"]))
    return "".join(texts)


class Message(_Wire):
    """One chat message."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, BeforeValidator(_joined_text)]

    @model_validator(mode="before")
    @classmethod
    def _without_neutral(cls, value: Any) -> Any:  # noqa: ANN401 - whatever was sent
        if not isinstance(value, dict):
            return value
        return without_neutral(cast("dict[str, object]", value))

    def as_chat(self) -> ChatMessage:
        """The same as the engine wants it."""
        return ChatMessage(_ROLES[self.role], self.content)


Messages: TypeAlias = Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]


class StreamOptions(_Wire):
    """How a stream is sent."""

    include_usage: bool | None = None
    include_obfuscation: Literal[False] | None = None


class TextFormat(_Wire):
    """Free text."""

    type: Literal["text"]


class JsonObjectFormat(_Wire):
    """Any JSON object."""

    type: Literal["json_object"]


class NamedSchema(_Wire):
    """A JSON schema with a name; it is always enforced, whatever `strict` says."""

    name: str
    schema_: dict[str, Any] = Field(alias="schema")
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(_Wire):
    """JSON that a schema allows."""

    type: Literal["json_schema"]
    json_schema: NamedSchema


ResponseFormat: TypeAlias = Annotated[
    TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")
]

Stop: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000)]
Stops: TypeAlias = Annotated[list[Stop], Field(max_length=MAX_STOPS)]


Grammar: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=MAX_GRAMMAR_CHARS), AfterValidator(checked_grammar)
]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class GenerationBody(_Wire):
    """Fields of both completions; null means the same as leaving a field out.

    `model` is not looked at: one model is served, and the answer says which.
    """

    model: str | None = None
    max_tokens: int | None = Field(default=None, ge=1, le=MAX_TOKENS)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=0, le=1_000_000)
    min_p: float | None = Field(default=None, ge=0, le=1)
    repeat_penalty: float | None = Field(default=None, gt=0, le=10)
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    stop: Annotated[Stops | None, BeforeValidator(_listed)] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None
    grammar: Grammar | None = None
    request_id: RequestId | None = None
    priority: Literal["interactive", "background"] | None = None
    deadline_s: float | None = Field(default=None, gt=0, le=86_400)

    @property
    def scheduling_class(self) -> Priority:
        """The priority as the engine wants it."""
        return Priority.BACKGROUND if self.priority == "background" else Priority.INTERACTIVE

    @property
    def is_streamed(self) -> bool:
        """Whether the answer is wanted in pieces."""
        return bool(self.stream)

    @property
    def wants_usage(self) -> bool:
        """Whether the last piece of a stream should carry the usage."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    @model_validator(mode="after")
    def _has_one_format(self) -> GenerationBody:
        is_constrained = self.response_format is not None and self.response_format.type != "text"
        if is_constrained and self.grammar is not None:
            raise ValueError("give either grammar or response_format, not both")
        if self.stream_options is not None and not self.is_streamed:
            raise ValueError("stream_options is only for streams: set stream to true")
        return self


class ChatBody(GenerationBody):
    """POST /v1/chat/completions."""

    messages: Messages
    max_completion_tokens: int | None = Field(default=None, ge=1, le=MAX_TOKENS)
    pin_prefix: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_consistent(self) -> ChatBody:
        if None not in (self.max_tokens, self.max_completion_tokens):
            raise ValueError("give either max_tokens or max_completion_tokens, not both")
        if (self.pin_prefix or 0) > len(self.messages):
            raise ValueError(f"pin_prefix must be within 0..{len(self.messages)}")
        return self


def _one_prompt(value: object) -> object:
    if not isinstance(value, list):
        return value
    prompts = cast("list[object]", value)
    if len(prompts) != 1 or not isinstance(prompts[0], str):
        raise ValueError("one prompt, as text, is supported; send several requests for several")
    return prompts[0]


class CompletionBody(GenerationBody):
    """POST /v1/completions; the prompt is put to the model as one user message."""

    prompt: Annotated[str, BeforeValidator(_one_prompt)]


def _texts(value: object) -> object:
    if isinstance(value, str):
        return [value]
    texts = cast("list[object]", value if isinstance(value, list) else [])
    if any(not isinstance(text, str) for text in texts):
        raise ValueError("token ids are not supported; send texts")
    return cast("object", value)


class EmbeddingsBody(_Wire):
    """POST /v1/embeddings."""

    input: Annotated[list[str], BeforeValidator(_texts), Field(min_length=1, max_length=MAX_TEXTS)]
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = Field(default=None, ge=1)


class MessagesBody(_Wire):
    """POST /opsbot/v1/warm and /opsbot/v1/prefill."""

    messages: Messages


class TokensBody(_Wire):
    """POST /opsbot/v1/tokens."""

    text: str


class CancelBody(_Wire):
    """POST /opsbot/v1/cancel."""

    request_id: str

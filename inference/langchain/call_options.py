"""What a single call may set, checked."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..request import ChatMessage, GenerateRequest, Priority, Sampling
from .errors import InvalidRequestError


class CallOptions(BaseModel):
    """The options of one call; each has its meaning in `OpsbotChatModel`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=0.95, gt=0, le=1)
    repeat_penalty: float = Field(default=1.0, gt=0)
    seed: int = 0
    max_tokens: int = Field(default=512, ge=1)
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    timeout: float | None = Field(default=None, gt=0)

    def request(
        self, request_id: str, messages: tuple[ChatMessage, ...], priority: Priority
    ) -> GenerateRequest:
        """The request these options describe.

        Raises:
            ValueError: A stop string is empty.
        """
        return GenerateRequest(
            request_id=request_id,
            messages=messages,
            max_tokens=self.max_tokens,
            sampling=Sampling(
                temperature=self.temperature,
                top_p=self.top_p,
                repeat_penalty=self.repeat_penalty,
                seed=self.seed,
            ),
            grammar=self.grammar,
            stop=self.stop,
            priority=priority,
            deadline_s=self.timeout,
        )


def parse_options(given: Mapping[str, object]) -> CallOptions:
    """Read options.

    Raises:
        InvalidRequestError: One is unknown or has no valid value; the message names all of them.
    """
    try:
        return CallOptions.model_validate(dict(given))
    except ValidationError as exc:
        faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in exc.errors())
        known = ", ".join(CallOptions.model_fields)
        raise InvalidRequestError(f"{'; '.join(faults)} (options are {known})") from exc

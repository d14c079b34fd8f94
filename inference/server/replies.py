"""What callers receive: a completion as OpenAI writes it, whole or in pieces.

The first piece of a stream and its last one, and a whole answer, also say under "opsbot" what
OpenAI's format has no place for: how the request started and how it ended.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias

from ..request import Ended, GenerationStats, Outcome, Started

Json: TypeAlias = dict[str, object]
Kind: TypeAlias = Literal["chat", "text"]

_FINISH_REASONS: Mapping[Outcome, str] = {
    Outcome.FINISHED: "stop",
    Outcome.LENGTH: "length",
    Outcome.CANCELLED: "cancelled",
    Outcome.FAILED: "error",
    Outcome.REJECTED: "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One completion's frame.

    Attributes:
        model: What the model that answers calls itself.
        kind: Which of the two formats it is written in.
        created_at: Seconds since 1970.
    """

    request_id: str
    model: str
    kind: Kind
    created_at: int = field(default_factory=lambda: int(time.time()))

    def opening(self, started: Started | None) -> Json:
        """The first piece: who speaks, no text yet."""
        extension = {} if started is None else {"opsbot": {"started": asdict(started)}}
        return self._piece({"role": "assistant", "content": ""}, None) | extension

    def delta(self, text: str) -> Json:
        """A piece of text."""
        return self._piece({"content": text}, None)

    def closing(self, ended: Ended, *, with_usage: bool) -> Json:
        """The last piece: how it ended."""
        piece = self._piece({}, _FINISH_REASONS[ended.outcome])
        piece |= {"opsbot": {"ended": asdict(ended)}}
        return piece | ({"usage": _usage(ended.stats)} if with_usage else {})

    def whole(self, text: str, started: Started | None, ended: Ended) -> Json:
        """The completion as one document."""
        content: Json
        if self.kind == "chat":
            content = {"message": {"role": "assistant", "content": text, "refusal": None}}
        else:
            content = {"text": text}
        extension: Json = {} if started is None else {"started": asdict(started)}
        return {
            **self._frame("chat.completion"),
            "choices": [_choice(content, _FINISH_REASONS[ended.outcome])],
            "usage": _usage(ended.stats),
            "opsbot": extension | {"ended": asdict(ended)},
        }

    def _piece(self, delta: Json, finish_reason: str | None) -> Json:
        is_chat = self.kind == "chat"
        content: Json = {"delta": delta} if is_chat else {"text": delta.get("content", "")}
        frame = self._frame("chat.completion.chunk")
        return {**frame, "choices": [_choice(content, finish_reason)]}

    def _frame(self, chat_object: str) -> Json:
        is_chat = self.kind == "chat"
        return {
            "id": f"{'chatcmpl' if is_chat else 'cmpl'}-{self.request_id}",
            "object": chat_object if is_chat else "text_completion",
            "created": self.created_at,
            "model": self.model,
        }


def _choice(content: Json, finish_reason: str | None) -> Json:
    return {"index": 0, **content, "logprobs": None, "finish_reason": finish_reason}


def _usage(stats: GenerationStats) -> Json:
    return {
        "prompt_tokens": stats.n_prompt,
        "completion_tokens": stats.n_output,
        "total_tokens": stats.n_prompt + stats.n_output,
        "prompt_tokens_details": {"cached_tokens": stats.n_cached},
    }

"""Fields of OpenAI's API that clients send and that this server need not act upon."""

from __future__ import annotations

from collections.abc import Mapping

NO_EFFECT = frozenset(
    {"user", "safety_identifier", "prompt_cache_key", "metadata", "store", "service_tier"}
)
"""Whatever their value is, the text stays the same."""

_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "tools": ([],),
    "tool_choice": ("none",),
    "parallel_tool_calls": (False, True),
    "functions": ([],),
    "function_call": ("none",),
    "reasoning_effort": (),
    "verbosity": (),
    "web_search_options": (),
}
"""Values that ask for nothing, beside null."""

_MESSAGE = frozenset(
    {"name", "refusal", "annotations", "audio", "function_call", "tool_calls", "tool_call_id"}
)


def is_neutral(name: str, value: object) -> bool:
    """Whether a field that this server does not act upon asks for nothing."""
    values = _NEUTRAL.get(name)
    if values is None:
        return False
    return value is None or any(
        value == each and isinstance(value, bool) is isinstance(each, bool) for each in values
    )


def without_neutral(message: Mapping[str, object]) -> dict[str, object]:
    """A chat message without the empty fields that clients copy from answers."""
    return {
        name: value
        for name, value in message.items()
        if not (name in _MESSAGE and (value is None or value == []))
    }

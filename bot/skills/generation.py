"""What a skill needs of a model, and how untrusted text enters a prompt."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Protocol

from inference.request import Event, GenerateRequest

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TEMPLATE_TOKEN = re.compile(r"<\|[^|<>\n]{0,40}\|>|</?s>|\[/?INST\]")


class Generator(Protocol):
    """Anything that turns a request into token events; every `inference.Generator` is one."""

    def stream(self, request: GenerateRequest) -> AsyncIterator[Event]:
        """Yield `Started`, `TextDelta`s and exactly one `Ended`; never raises for bad requests."""
        ...


def as_data(text: str) -> str:
    """Make text from logs, documents or people safe to quote inside a prompt.

    Control and direction characters go, and what looks like a chat template's own token is
    broken up, so that quoted text can never open a new turn.
    """
    return _TEMPLATE_TOKEN.sub("[token]", _CONTROL.sub("", text))

"""A thread as it is read for its summary: who said what, without orders to learn it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.addressed import speaks_to_machines
from bot.skills.generation import as_data
from runbooks.actions.output import safe_text

from .orders import is_learn_order

MAX_STATEMENTS = 30
ABOUT_ITSELF = "Thread summary:"
"""What the plain text of every message about a summary begins with: it is no part of the thread."""

_MIN_CHARS = 8
_MAX_CHARS = 220
_FIRST = 10
_BREAKS = re.compile(r"\n+|(?<=[.!?])\s+(?=[^\s\d])|(?<=[。！？])")  # noqa: RUF001
_QUESTION = re.compile(r"[?\uff1f]\s*$")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One message.

    Attributes:
        ts: Slack's timestamp.
        text: Plain text.
        is_bot: An app wrote it.
        is_asked: It speaks to the bot.
    """

    ts: str
    author: str
    text: str
    is_bot: bool = False
    is_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of a message, on one line and without secrets."""

    author: str
    text: str
    is_bot: bool
    is_question: bool

    @property
    def line(self) -> str:
        """Who said what."""
        return f"{self.author}: {self.text}"


def statements(messages: Sequence[ThreadMessage]) -> tuple[Statement, ...]:
    """What was said, sentence by sentence, each once, at most `MAX_STATEMENTS`.

    Of a long thread the beginning and the end are kept. What speaks to machines is left out.
    """
    found: dict[str, Statement] = {}
    for message in messages:
        if _is_about_summaries(message):
            continue
        for piece in _BREAKS.split(safe_text(as_data(message.text))):
            statement = _statement(message, piece)
            if statement is not None:
                found.setdefault(statement.text, statement)
    said = tuple(found.values())
    if len(said) <= MAX_STATEMENTS:
        return said
    return (*said[:_FIRST], *said[_FIRST - MAX_STATEMENTS :])


def _is_about_summaries(message: ThreadMessage) -> bool:
    if message.is_bot:
        return message.text.startswith(ABOUT_ITSELF)
    return is_learn_order(message.text)


def _statement(message: ThreadMessage, piece: str) -> Statement | None:
    text = _SPACES.sub(" ", piece).strip(" >*`_")
    if len(text) < _MIN_CHARS or speaks_to_machines(text):
        return None
    shown = text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1].rstrip() + "…"
    asks = not message.is_bot and (message.is_asked or bool(_QUESTION.search(text)))
    author = _SPACES.sub(" ", as_data(message.author)).strip()[:40] or "somebody"
    return Statement(author=author, text=shown, is_bot=message.is_bot, is_question=asks)

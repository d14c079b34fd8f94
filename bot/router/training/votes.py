"""What the model said of some messages: one line of JSON each, kept beside the templates."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Protocol

from bot.messages import Intent

from .messages import SEED, Message

FILE_NAME = "votes.jsonl"


class Judges(Protocol):
    """Chooses an intent by one of several prompts; `bot.router.judge.Judge` is one."""

    async def intent(self, request_id: str, text: str, *, prompt: int) -> Intent | None:
        """The choice, or None when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The answers for one message, one for each prompt, in the prompts' order."""

    text: str
    answers: tuple[Intent, ...]

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps({"text": self.text, "votes": self.answers}, ensure_ascii=False)


async def ask(judge: Judges, messages: Sequence[Message], n_prompts: int) -> AsyncIterator[Votes]:
    """Yield the votes of each message as they come; messages without all answers are left out."""
    for number, message in enumerate(messages):
        answers: list[Intent] = []
        for prompt in range(n_prompts):
            answer = await judge.intent(f"teach-{number}-{prompt}", message.text, prompt=prompt)
            if answer is not None:
                answers.append(answer)
        if len(answers) == n_prompts:
            yield Votes(text=message.text, answers=tuple(answers))


def in_teaching_order(messages: Iterable[Message], known: Iterable[str]) -> tuple[Message, ...]:
    """Those without votes, so ordered that any beginning has all intents and languages in it."""
    done = set(known)
    left = [message for message in messages if message.text not in done]
    Random(SEED).shuffle(left)  # noqa: S311 - nothing secret
    return tuple(left)


def shipped_votes() -> Mapping[str, tuple[Intent, ...]]:
    """The kept answers by text; empty when nothing was asked yet.

    Raises:
        ValueError: The file is damaged.
    """
    file = files("bot.router").joinpath("data", FILE_NAME)
    return read_votes(file.read_text(encoding="utf-8")) if file.is_file() else {}


def read_votes(content: str) -> Mapping[str, tuple[Intent, ...]]:
    """Votes by text.

    Raises:
        ValueError: A line is not what `Votes.line` writes.
    """
    found: dict[str, tuple[Intent, ...]] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            record = json.loads(line)
            found[record["text"]] = tuple(Intent(vote) for vote in record["votes"])
        except (KeyError, TypeError, ValueError) as exc:
            raise ValueError(f"{FILE_NAME}:{number} is not a vote: {exc}") from exc
    return found

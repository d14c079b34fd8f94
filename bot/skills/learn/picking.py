"""Which statements of a thread say what was wrong, why, and what helped.

The model only names numbers, so whatever it answers, the summary quotes the thread. Without a model
words that people use for causes and remedies decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.prompts import learn as prompts
from inference.request import Ended, GenerateRequest, Outcome, TextDelta

from ..generation import Generator
from .thread import Statement

_MAX_TOKENS = 30
_NUMBER = re.compile(r"^(PROBLEM|CAUSE|RESOLUTION) (\d+)$", re.MULTILINE)
_CAUSE = re.compile(
    r"\b(?:because|caused? by|root cause|the cause|due to|turned out|the reason|weil|wegen|ursache|"
    r"lag an|grund war)\b|因为|由于|原因|根因",
    re.IGNORECASE,
)
_RESOLUTION = re.compile(
    r"\b(?:fixed|resolved|solved|rolled back|restarted|reverted|mitigated|recovered|works again|"
    r"back to normal|did the trick|behoben|gelöst|zurückgerollt|neu gestartet|läuft wieder)\b|"
    r"解决|修复|恢复|回滚|重启后",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """The statements chosen; None where the thread does not say it.

    Attributes:
        by_model: The model chose, not the words.
    """

    problem: Statement | None
    cause: Statement | None
    resolution: Statement | None
    by_model: bool = False


def by_words(said: Sequence[Statement]) -> Picked:
    """Choose without a model: the first thing said, the first cause, the last remedy."""
    people = [one for one in said if not one.is_bot]
    told = [one for one in people if not one.is_question]
    return Picked(
        problem=next(iter(told or people), None),
        cause=next((one for one in told if _CAUSE.search(one.text)), None),
        resolution=next((one for one in reversed(told) if _RESOLUTION.search(one.text)), None),
    )


async def by_model(generator: Generator, said: Sequence[Statement], request_id: str) -> Picked:
    """Let the model choose among what is no question; where it fails, the words do."""
    guess = by_words(said)
    told = tuple(one for one in said if not one.is_question)
    if not told:
        return guess
    request = GenerateRequest(
        request_id=f"{request_id}-learn",
        messages=prompts.messages([one.line for one in told]),
        max_tokens=_MAX_TOKENS,
        grammar=prompts.grammar(len(told)),
    )
    text, outcome = "", Outcome.FAILED
    async for event in generator.stream(request):
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, Ended):
            outcome = event.outcome
    if outcome is not Outcome.FINISHED:
        return guess
    named = dict(_named(text, told))
    if not named:
        return guess
    return Picked(
        problem=named.get("PROBLEM") or guess.problem,
        cause=named.get("CAUSE"),
        resolution=named.get("RESOLUTION"),
        by_model=True,
    )


def _named(text: str, said: Sequence[Statement]) -> Iterator[tuple[str, Statement]]:
    for name, number in _NUMBER.findall(text):
        if 1 <= int(number) <= len(said):
            yield name, said[int(number) - 1]

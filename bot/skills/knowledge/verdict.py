"""Asks the model whether quotations answer a question, and weighs how sure it is of its yes.

A small model says yes too easily, so how sure it is tells more than what it says. Several answers
are drawn, from which everything much less likely than the likeliest is cut; where a no is left
among them, it is soon drawn, and one no is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.messages import Request
from bot.prompts import knowledge as prompts
from inference.request import Ended, GenerateRequest, Outcome, Sampling, TextDelta

from ..generation import Generator, as_data
from .selection import Candidate

_N_DRAWS = 5
_TEMPERATURE = 2.0
_FAILURES = (Outcome.FAILED, Outcome.REJECTED, Outcome.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the model says.

    Attributes:
        failure: Why it said nothing; empty when it did.
    """

    answers: bool
    failure: str = ""


async def ask_model(
    engine: Generator,
    request: Request,
    question: str,
    earlier: str,
    quoted: Sequence[Candidate],
    doubt: float,
) -> Verdict:
    """Whether the quotations answer; a model that fails leaves the question open as a yes.

    Args:
        question: What was asked.
        earlier: The question before it when this one leans on it, else empty.
        doubt: A no counts that is at least this likely, the yes being 1; in (0, 1].
    """
    messages = prompts.messages(
        _quotations(quoted), as_data(question), as_data(earlier), request.talk
    )
    for draw in range(_N_DRAWS):
        text, ended = "", Ended(outcome=Outcome.CANCELLED)
        async for event in engine.stream(
            GenerateRequest(
                request_id=f"{request.request_id}-knowledge-{draw}",
                messages=messages,
                max_tokens=4,
                sampling=Sampling(
                    temperature=_TEMPERATURE, top_p=1.0, top_k=2, min_p=doubt, seed=draw
                ),
                grammar=prompts.GRAMMAR,
                pin_prefix=len(prompts.prefix()),
            )
        ):
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Ended):
                ended = event
        if ended.outcome in _FAILURES:
            return Verdict(answers=True, failure=ended.reason or "it was interrupted")
        if text.strip() == prompts.VERDICT_NO:
            return Verdict(answers=False)
    return Verdict(answers=True)


def _quotations(quoted: Sequence[Candidate]) -> tuple[prompts.Quoted, ...]:
    return tuple(
        prompts.Quoted(
            header=as_data(header), text=as_data("\n".join(one.statement.text for one in group))
        )
        for header, group in groupby(quoted, key=lambda one: one.header)
    )

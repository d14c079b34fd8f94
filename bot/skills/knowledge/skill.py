"""Answer a question from documents: retrieve, show, word, check, or say that nothing answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.messages import Passages, Reply, Request, SkillEvent, Turn
from bot.prompts import knowledge as prompts
from inference.request import Ended, GenerateRequest, Outcome, TextDelta
from knowledge import Answerability, Hit, SearchResult, Status, estimate_tokens

from ..generation import Generator, as_data
from . import replies
from .citations import check, complete_sentences
from .follow_up import Question, standalone

_N_PASSAGES = 4
_SOURCE_TOKENS = 800
_MAX_TOKENS = 200
_FAILURES = (Outcome.FAILED, Outcome.REJECTED, Outcome.CANCELLED)


class Knowledge(Protocol):
    """Finds passages; `knowledge.KnowledgeBase` is one."""

    async def search(self, question: str, k: int = 5) -> SearchResult:
        """Find up to `k` passages."""
        ...

    async def status(self) -> Status:
        """What is indexed."""
        ...


@dataclass(slots=True)
class _Draft:
    """The model's answer while it grows.

    Attributes:
        sources: What may be cited: header and text by number.
        kept: Sentences that passed the checks, in order.
    """

    sources: dict[int, str]
    text: str = ""
    kept: list[str] = field(default_factory=list[str])
    n_seen: int = 0
    n_withheld: int = 0
    failure: str = ""

    @property
    def is_refusal(self) -> bool:
        return self.text.strip().startswith(prompts.VERDICT_NO)

    def take(self, *, is_final: bool) -> bool:
        """Check what became complete; whether there is a new sentence to show."""
        sentences = complete_sentences(_without_verdict(self.text), is_final=is_final)
        fresh, self.n_seen = sentences[self.n_seen :], len(sentences)
        n_before = len(self.kept)
        for sentence in fresh:
            checked = check(sentence, self.sources)
            if checked.fault is not None:
                self.n_withheld += 1
            elif checked.text not in self.kept:
                self.kept.append(checked.text)
        return len(self.kept) > n_before


class KnowledgeSkill:
    """Answers from the knowledge base.

    Args:
        knowledge: Where passages come from.
        engine: The model that words the answer.
        model_name: How the model is named in the small print.
    """

    def __init__(
        self, knowledge: Knowledge, engine: Generator, *, model_name: str = "model"
    ) -> None:
        self._knowledge = knowledge
        self._engine = engine
        self._model_name = model_name

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Yield the passages, then the answer as far as it is checked, then all of it."""
        question = standalone(request.text, history)
        found = await self._knowledge.search(question.query, _N_PASSAGES)
        if not found.hits or found.answerability is Answerability.NO:
            yield await self._refusal(found)
            return
        shown = replies.passages(found.hits, question.query)
        yield replies.working(shown, ())
        began_mono = time.monotonic()
        draft = _Draft(sources={})
        sources = _sources(found.hits)
        draft.sources = {source.number: f"{source.header}\n{source.text}" for source in sources}
        asked = _generation(request, question, sources, found.answerability)
        async for event in self._engine.stream(asked):
            if isinstance(event, TextDelta):
                draft.text += event.text
                if "\n" in event.text and draft.take(is_final=False):
                    yield replies.working(shown, draft.kept)
            elif isinstance(event, Ended):
                draft.failure = _failure(event)
                # A sentence that was cut off at the limit is not shown.
                draft.take(is_final=event.outcome is Outcome.FINISHED)
        yield self._final(draft, found, shown, time.monotonic() - began_mono)

    async def _refusal(self, found: SearchResult) -> Reply:
        status = await self._knowledge.status()
        if not status.n_chunks:
            return replies.empty(status.trouble)
        return replies.refused(found.hits)

    def _final(self, draft: _Draft, found: SearchResult, shown: Passages, seconds: float) -> Reply:
        facts = {"topic": found.hits[0].title}
        if draft.failure and not draft.kept:
            return replies.without_model(shown, draft.failure, facts)
        footer = replies.footer(draft.n_withheld, self._model_name, seconds)
        if draft.is_refusal or not draft.kept:
            return replies.refused(found.hits, footer)
        return replies.answered(shown, draft.kept, footer, facts)


def _generation(
    request: Request,
    question: Question,
    sources: Sequence[prompts.Source],
    answerability: Answerability,
) -> GenerateRequest:
    return GenerateRequest(
        request_id=f"{request.request_id}-knowledge",
        messages=prompts.messages(sources, as_data(request.text), as_data(question.earlier)),
        max_tokens=_MAX_TOKENS,
        grammar=prompts.grammar(len(sources), may_refuse=answerability is not Answerability.YES),
        pin_prefix=len(prompts.prefix()),
    )


def _sources(hits: Sequence[Hit]) -> list[prompts.Source]:
    """The best hits that fit the budget; the first always does, cut if it must be."""
    sources: list[prompts.Source] = []
    n_left = _SOURCE_TOKENS
    for number, hit in enumerate(hits, start=1):
        n_tokens = estimate_tokens(hit.text)
        if n_tokens > n_left and sources:
            break
        header = " > ".join(filter(None, (hit.title, hit.heading)))
        text = hit.text if n_tokens <= n_left else hit.text[: n_left * 3]
        sources.append(prompts.Source(number=number, header=as_data(header), text=as_data(text)))
        n_left -= n_tokens
    return sources


def _without_verdict(text: str) -> str:
    """The lines behind the verdict."""
    verdict, _, rest = text.lstrip().partition("\n")
    return rest if verdict.strip() in {prompts.VERDICT_YES, prompts.VERDICT_NO} else text


def _failure(ended: Ended) -> str:
    if ended.outcome not in _FAILURES:
        return ""
    return ended.reason or "it was interrupted"

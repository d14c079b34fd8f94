"""Answer a question from documents: retrieve, show, word, check, or say that nothing answers."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot.addressed import for_people
from bot.messages import Passages, Reply, Request, SkillEvent, Turn
from bot.prompts import knowledge as prompts
from bot.provenance import DOCUMENTS, documents_fact
from inference.request import Ended, GenerateRequest, Outcome, TextDelta
from knowledge import ANYBODY, Answerability, Hit, Reader, SearchResult, Status, estimate_tokens

from ..generation import Generator, as_data
from . import replies
from .draft import Draft
from .follow_up import Question, standalone

_N_PASSAGES = 4
_SOURCE_TOKENS = 700
_MAX_TOKENS = 180
_LINK = re.compile(r"!?\[([^\[\]\n]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\[\]\n]*\])")
_NOT_FOR_PEOPLE = "(nothing here is written for people)"
_FAILURES = (Outcome.FAILED, Outcome.REJECTED, Outcome.CANCELLED)


class Knowledge(Protocol):
    """Finds passages; `knowledge.KnowledgeBase` is one."""

    async def search(self, question: str, k: int = 5, *, reader: Reader) -> SearchResult:
        """Find up to `k` passages that the reader may read."""
        ...

    async def status(self) -> Status:
        """What is indexed."""
        ...


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
        reader = request.reader or ANYBODY
        found = await self._knowledge.search(question.query, _N_PASSAGES, reader=reader)
        if not found.hits or found.answerability is Answerability.NO:
            yield await self._refusal(found)
            return
        hits = in_reading_order(found.hits)
        shown = replies.passages(hits, question.query)
        yield replies.working(shown, ())
        began_mono = time.monotonic()
        sources = _sources(hits)
        draft = Draft(sources, question.query, _numbers_of_best(hits))
        asked = _generation(request, question, sources, found.answerability)
        async for event in self._engine.stream(asked):
            if isinstance(event, TextDelta):
                if draft.add(event.text):
                    yield replies.working(shown, draft.kept)
            elif isinstance(event, Ended):
                draft.failure = _failure(event)
                draft.end(is_whole=event.outcome is Outcome.FINISHED)
        yield self._final(draft, found, shown, time.monotonic() - began_mono)

    async def _refusal(self, found: SearchResult) -> Reply:
        status = await self._knowledge.status()
        if not status.n_chunks:
            return replies.empty(status.trouble)
        return replies.refused(found.hits)

    def _final(self, draft: Draft, found: SearchResult, shown: Passages, seconds: float) -> Reply:
        facts = {"topic": found.hits[0].title, DOCUMENTS: documents_fact(found.hits)}
        if draft.failure and not draft.kept:
            return replies.without_model(shown, draft.failure, facts)
        footer = replies.footer(draft.n_withheld, self._model_name, seconds)
        if not draft.kept and found.answerability is Answerability.YES:
            return replies.unverified(shown, footer, facts)
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
        messages=prompts.messages(
            sources, as_data(request.text), as_data(question.earlier), request.talk
        ),
        max_tokens=_MAX_TOKENS,
        grammar=prompts.grammar(len(sources), may_refuse=answerability is not Answerability.YES),
        pin_prefix=len(prompts.prefix()),
    )


def in_reading_order(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits document by document, the best document first, each from top to bottom."""
    documents = list(dict.fromkeys((hit.source, hit.path) for hit in hits))
    return tuple(sorted(hits, key=lambda hit: (documents.index((hit.source, hit.path)), hit.lines)))


def plain_links(text: str) -> str:
    """Markdown links as their label: addresses cost tokens, and brackets look like citations."""
    return _LINK.sub(lambda match: match[1], text)


def _numbers_of_best(hits: Sequence[Hit]) -> frozenset[int]:
    """Numbers of the passages that belong to the first one's document."""
    best = (hits[0].source, hits[0].path)
    return frozenset(
        number for number, hit in enumerate(hits, start=1) if (hit.source, hit.path) == best
    )


def _sources(hits: Sequence[Hit]) -> tuple[prompts.Source, ...]:
    """The best hits that fit the budget; the first always does, cut if it must be.

    What speaks to machines is left out: people see it in the passage, no model repeats it.
    """
    sources: list[prompts.Source] = []
    n_left = _SOURCE_TOKENS
    for number, hit in enumerate(hits, start=1):
        text = for_people(plain_links(hit.text)) or _NOT_FOR_PEOPLE
        n_tokens = estimate_tokens(text)
        if n_tokens > n_left and sources:
            break
        header = " > ".join(filter(None, (hit.title, hit.heading)))
        text = text if n_tokens <= n_left else text[: n_left * 3]
        sources.append(prompts.Source(number=number, header=as_data(header), text=as_data(text)))
        n_left -= n_tokens
    return tuple(sources)


def _failure(ended: Ended) -> str:
    if ended.outcome not in _FAILURES:
        return ""
    return ended.reason or "it was interrupted"

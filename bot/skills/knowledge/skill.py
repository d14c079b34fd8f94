"""Answer a question from documents: retrieve, show, quote what answers, or say that nothing does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.messages import Passages, Reply, Request, SkillEvent, Turn
from bot.prompts import knowledge as prompts
from inference.request import Ended, GenerateRequest, Outcome, TextDelta
from knowledge import Answerability, EmbeddingError, Hit, SearchResult, Status

from ..generation import Generator, as_data
from . import replies
from .follow_up import Question, standalone
from .layout import lay_out
from .phrases import Phrases, language_of, phrases_for
from .products import named
from .selection import Candidate, candidates, pick, scores
from .statements import Statement

_N_PASSAGES = 5
_MAX_QUESTION_CHARS = 2000
_FAILURES = (Outcome.FAILED, Outcome.REJECTED, Outcome.CANCELLED)


class Knowledge(Protocol):
    """Finds passages; `knowledge.KnowledgeBase` is one."""

    async def search(self, question: str, k: int = 5) -> SearchResult:
        """Find up to `k` passages."""
        ...

    async def status(self) -> Status:
        """What is indexed."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of length 1."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text; raises `EmbeddingError`."""
        ...


class KnowledgeSkill:
    """Answers from the knowledge base.

    Args:
        knowledge: Where passages come from.
        engine: The model that says whether they answer, where the search is not sure.
        model_name: How the model is named in the small print.
        embedder: Compares statements with the question; without one their words alone count.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        engine: Generator,
        *,
        model_name: str = "model",
        embedder: Embedder | None = None,
    ) -> None:
        self._knowledge = knowledge
        self._engine = engine
        self._model_name = model_name
        self._embedder = embedder

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Yield the passages, then what they say to the question, or that they don't answer it."""
        began_mono = time.monotonic()
        words = phrases_for(request.text)
        question = standalone(request.text[:_MAX_QUESTION_CHARS], history)
        found = await self._knowledge.search(question.query, _N_PASSAGES)
        answerability = _judged(question.query, found)
        if not found.hits or answerability is Answerability.NO:
            yield await self._refusal(found, words)
            return
        hits = in_reading_order(found.hits)
        shown = replies.passages(hits, question.query)
        yield replies.working(shown, words)
        chosen = await self._choose(question.query, hits, found)
        answers, judge = await self._verdict(request, question, chosen, answerability)
        footer = _footer(request, judge, time.monotonic() - began_mono)
        if not answers:
            yield replies.refused(found.hits, words, footer)
            return
        yield _final(request, shown, chosen, footer, found, words)

    async def _refusal(self, found: SearchResult, words: Phrases) -> Reply:
        status = await self._knowledge.status()
        if not status.n_chunks:
            return replies.empty(status.trouble)
        return replies.refused(found.hits, words)

    async def _choose(
        self, query: str, hits: Sequence[Hit], found: SearchResult
    ) -> tuple[Candidate, ...]:
        among = candidates(hits, [found.hits.index(hit) for hit in hits])
        near = await self._similarities(query, among)
        return tuple(among[at] for at in pick(among, scores(query, among, near)))

    async def _similarities(self, query: str, among: Sequence[Candidate]) -> list[float] | None:
        if self._embedder is None or not among:
            return None
        texts = [query, *(one.embedded_text for one in among)]
        try:
            asked, *said = await self._embedder.embed(texts)
        except EmbeddingError:
            return None
        return [float(asked @ vector) for vector in said]

    async def _verdict(
        self,
        request: Request,
        question: Question,
        chosen: Sequence[Candidate],
        answerability: Answerability,
    ) -> tuple[bool, str]:
        """Whether the chosen statements answer, and who said so; the search, or the model."""
        if answerability is Answerability.YES or not chosen:
            return answerability is Answerability.YES, ""
        text, ended = "", Ended(outcome=Outcome.CANCELLED)
        async for event in self._engine.stream(_generation(request, question, chosen)):
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Ended):
                ended = event
        if ended.outcome in _FAILURES:
            reason = ended.reason or "it was interrupted"
            return True, f"the model is not available, so nobody checked this: {reason}"
        return text.strip() != prompts.VERDICT_NO, self._model_name


def _judged(query: str, found: SearchResult) -> Answerability:
    """The search's own verdict, unless the question names products that no passage mentions."""
    names = named(query, (f"{h.path} {h.title} {h.heading} {h.text}" for h in found.hits))
    if names.is_elsewhere:
        return Answerability.NO
    if names.missing and found.answerability is Answerability.YES:
        return Answerability.UNSURE
    return found.answerability


def _generation(
    request: Request, question: Question, chosen: Sequence[Candidate]
) -> GenerateRequest:
    asked = as_data(request.text[:_MAX_QUESTION_CHARS])
    return GenerateRequest(
        request_id=f"{request.request_id}-knowledge",
        messages=prompts.messages(_quoted(chosen), asked, as_data(question.earlier), request.talk),
        max_tokens=4,
        grammar=prompts.GRAMMAR,
        pin_prefix=len(prompts.prefix()),
    )


def _quoted(chosen: Sequence[Candidate]) -> tuple[prompts.Quoted, ...]:
    return tuple(
        prompts.Quoted(
            header=as_data(header), text=as_data("\n".join(one.statement.text for one in group))
        )
        for header, group in groupby(chosen, key=lambda one: one.header)
    )


def _final(
    request: Request,
    shown: Passages,
    chosen: Sequence[Candidate],
    footer: str,
    found: SearchResult,
    words: Phrases,
) -> Reply:
    facts = {"topic": found.hits[0].title}
    said = [one.statement for one in chosen]
    if not said:
        return replies.unread(shown, footer, facts, words)
    lead = words.quoted if _is_foreign(request.text, said) else ""
    return replies.answered(shown, lay_out(said, lead), footer, facts, words)


def _is_foreign(question: str, said: Sequence[Statement]) -> bool:
    return language_of(question) != language_of(" ".join(each.text for each in said))


def _footer(request: Request, judge: str, seconds: float) -> str:
    """Small print: what of the question was read, who judged, how long it took in seconds."""
    cut = len(request.text) > _MAX_QUESTION_CHARS
    read = f"only the first {_MAX_QUESTION_CHARS:,} characters of the question were used"
    timing = f"{seconds:.1f} s"
    return " · ".join(filter(None, (read if cut else "", "quoted verbatim", judge, timing)))


def in_reading_order(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits document by document, the best document first, each from top to bottom."""
    documents = list(dict.fromkeys((hit.source, hit.path) for hit in hits))
    return tuple(sorted(hits, key=lambda hit: (documents.index((hit.source, hit.path)), hit.lines)))

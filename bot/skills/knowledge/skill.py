"""Answer a question from documents: retrieve, show, quote what answers, or say that nothing does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.language import language_of
from bot.messages import Passages, Reply, Request, SkillEvent, Turn
from bot.provenance import DOCUMENTS, documents_fact
from knowledge import ANYBODY, Answerability, EmbeddingError, Hit, Reader, SearchResult, Status
from knowledge.glossary import in_english

from ..generation import Generator
from . import replies
from .asked_for import also_said
from .decision import HOPELESS, Decision, decide, log_odds, searched_text
from .follow_up import standalone
from .layout import lay_out
from .phrases import Phrases, phrases_for
from .products import named
from .selection import MAX_CHARS, Candidate, candidates, pick, scores, worth_comparing
from .statements import Statement
from .verdict import Verdict, ask_model

_N_PASSAGES = 5
_WIDEN_TOKENS = 2500
_MAX_QUESTION_CHARS = 2000
_JUDGED_CHARS = 700
"""Length of what the model reads for its verdict; reading is what takes its time."""


class Knowledge(Protocol):
    """Finds passages; `knowledge.KnowledgeBase` is one."""

    async def search(
        self, question: str, k: int = 5, *, reader: Reader, widen_tokens: int = 0
    ) -> SearchResult:
        """Find up to `k` passages that the reader may read, widened by what stands around them."""
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
        reader = request.reader or ANYBODY
        found = await self._knowledge.search(
            question.query, _N_PASSAGES, reader=reader, widen_tokens=_WIDEN_TOKENS
        )
        names = named(question.query, map(searched_text, found.hits))
        if not found.hits or found.confidence < HOPELESS or names.is_elsewhere:
            yield await self._refusal(found, words)
            return
        hits = in_reading_order(found.hits)
        shown = replies.passages(hits, question.query)
        yield replies.working(shown, words)
        among = candidates(hits, [found.hits.index(hit) for hit in hits])
        english = in_english(question.query)
        wanted = f"{question.query} {english} {also_said(question.query)}".strip()
        fit = scores(wanted, among, await self._similarities(question.query, wanted, among))
        decision = Decision(answerability=Answerability.YES)
        if among:
            evidence = log_odds(question.query, english, found, names, among, fit)
            decision = decide(evidence)
        verdict = Verdict(answers=decision.answerability is not Answerability.NO)
        if decision.answerability is Answerability.UNSURE:
            asked, best = request.text[:_MAX_QUESTION_CHARS], _best(among, fit, _JUDGED_CHARS)
            verdict = await ask_model(
                self._engine, request, asked, question.earlier, best, decision.doubt
            )
        seconds = time.monotonic() - began_mono
        footer = self._footer(request, decision.answerability, verdict, seconds)
        if not verdict.answers:
            yield replies.refused(found.hits, words, footer)
            return
        chosen = [one.statement for one in _best(among, fit, MAX_CHARS)]
        facts = {"topic": found.hits[0].title, DOCUMENTS: documents_fact(found.hits)}
        yield _final(request, shown, chosen, footer, facts, words)

    async def _refusal(self, found: SearchResult, words: Phrases) -> Reply:
        status = await self._knowledge.status()
        if not status.n_chunks:
            return replies.empty(status.trouble)
        return replies.refused(found.hits, words)

    async def _similarities(
        self, query: str, wanted: str, among: Sequence[Candidate]
    ) -> dict[int, float]:
        """Cosines of the candidates worth comparing, with the question in whichever language."""
        if self._embedder is None or not among:
            return {}
        compared = worth_comparing(wanted, among)
        asked = list(dict.fromkeys((query, in_english(query) or query)))
        try:
            vectors = await self._embedder.embed(
                [*asked, *(among[at].embedded_text for at in compared)]
            )
        except EmbeddingError:
            return {}
        near = (vectors[len(asked) :] @ vectors[: len(asked)].T).max(axis=1)
        return dict(zip(compared, map(float, near), strict=True))

    def _footer(
        self, request: Request, answerability: Answerability, verdict: Verdict, seconds: float
    ) -> str:
        """Small print: what was read, how and by whom it was judged, how long it took in seconds."""
        notes: list[str] = []
        if len(request.text) > _MAX_QUESTION_CHARS:
            count = f"{_MAX_QUESTION_CHARS:,}"
            notes.append(f"only the first {count} characters of the question were used")
        if verdict.answers:
            notes.append("quoted verbatim")
        if verdict.failure:
            notes.append(f"the model is not available to check this: {verdict.failure}")
        elif answerability is Answerability.UNSURE:
            notes.append(f"judged by {self._model_name}")
        return " · ".join((*notes, f"{seconds:.1f} s"))


def _best(
    among: Sequence[Candidate], fit: Sequence[float], max_chars: int
) -> tuple[Candidate, ...]:
    return tuple(among[at] for at in pick(among, fit, max_chars))


def _final(
    request: Request,
    shown: Passages,
    said: Sequence[Statement],
    footer: str,
    facts: dict[str, str],
    words: Phrases,
) -> Reply:
    if not said:
        return replies.unread(shown, footer, facts, words)
    lead = words.quoted if _is_foreign(request.text, said) else ""
    return replies.answered(shown, lay_out(said, lead), footer, facts, words)


def _is_foreign(question: str, said: Sequence[Statement]) -> bool:
    return language_of(question) != language_of(" ".join(each.text for each in said))


def in_reading_order(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits document by document, the best document first, each from top to bottom."""
    documents = list(dict.fromkeys((hit.source, hit.path) for hit in hits))
    return tuple(sorted(hits, key=lambda hit: (documents.index((hit.source, hit.path)), hit.lines)))

"""From a question to hits: its wordings, the search, and a last look at who may read what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from .access import Reader
from .document_store import DocumentStore
from .documents import Answerability, Hit, SearchResult
from .embedding import Embedder, embed_checked
from .errors import EmbeddingError
from .glossary import in_english
from .hits import hits
from .index import Index
from .plan import is_comparable, recipe_for
from .refusal import confidence, judge
from .retriever import Methods, Retrieved, SearchFilter, Wording, retrieve
from .rewriting import Rewriter, is_worth_rewriting, search_words
from .terms import strip_markup
from .withdrawn import withdrawn

_NO_FILTER = SearchFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is searched for.

    Attributes:
        k: Most hits returned, >= 1.
        widen_tokens: What all texts together may grow to; 0 leaves every chunk alone.
    """

    question: str
    k: int
    reader: Reader
    only: SearchFilter | None
    widen_tokens: int
    methods: Methods


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, best first, and how likely they answer, in [0, 1]."""

    hits: tuple[Hit, ...]
    confidence: float


class Searcher:
    """Searches opened indices.

    Args:
        store: Says who may read a document now.
        rewriter: Puts questions into other words; None searches with what was asked.
    """

    def __init__(self, embedder: Embedder, store: DocumentStore, rewriter: Rewriter | None) -> None:
        self._embedder = embedder
        self._store = store
        self._rewriter = rewriter

    async def wordings(self, question: str, methods: Methods) -> list[Wording]:
        """The question without chat markup, and in English where it is not; both embedded."""
        asked = strip_markup(question)
        english = in_english(asked) if methods.glossary else ""
        return await self._embedded([asked, english] if english else [asked])

    async def search(self, index: Index, request: Request, wordings: list[Wording]) -> Found:
        """Search with these wordings, and with the model's where they are not enough."""
        found = await asyncio.to_thread(self._find, index, request, wordings)
        asked = wordings[0].text
        if request.methods.rewriting and is_worth_rewriting(asked, judge(found.confidence)):
            more = await self._rewritten(asked)
            if more:
                return await asyncio.to_thread(self._find, index, request, wordings + more)
        return found

    def _find(self, index: Index, request: Request, wordings: list[Wording]) -> Found:
        """Search until nothing is found that was withdrawn since the index was made."""
        wordings = self._fit(index, wordings)
        only, hidden = request.only or _NO_FILTER, frozenset[tuple[str, str]]()
        while True:
            found = _retrieve(index, replace(request, only=only), wordings)
            result = hits(index, found, request.widen_tokens)
            held = ((hit.source, hit.path) for hit in result)
            if not withdrawn(self._store, held, request.reader) - hidden:
                return Found(hits=result, confidence=confidence(found.signals))
            every = ((one.source, one.path) for one in index.documents)
            hidden |= withdrawn(self._store, every, request.reader)
            only = replace(only, hidden=hidden)

    def _fit(self, index: Index, wordings: list[Wording]) -> list[Wording]:
        """The wordings without vectors where the index was made with another embedder."""
        if all(one.vector is None for one in wordings):
            return wordings
        if is_comparable(index.manifest.recipe, recipe_for(self._embedder)):
            return wordings
        return [Wording(one.text, None) for one in wordings]

    async def _rewritten(self, asked: str) -> list[Wording]:
        """What a model makes of a question; nothing without a model, or when it is too slow."""
        if self._rewriter is None:
            return []
        words = search_words(await self._rewriter.rewrite(asked))
        return await self._embedded([words]) if words else []

    async def _embedded(self, texts: Sequence[str]) -> list[Wording]:
        try:
            vectors = await embed_checked(self._embedder, texts)
        except EmbeddingError as exc:
            structlog.get_logger().warning("searching_by_words_alone", reason=str(exc))
            return [Wording(text, None) for text in texts]
        return [Wording(text, vector) for text, vector in zip(texts, vectors, strict=True)]


def _retrieve(index: Index, request: Request, wordings: list[Wording]) -> Retrieved:
    return retrieve(
        index,
        wordings,
        request.k,
        only=request.only,
        reader=request.reader,
        methods=request.methods,
    )


def nothing_found(began_mono: float, note: str) -> SearchResult:
    """The result of a search that could not be made."""
    return SearchResult(
        hits=(),
        answerability=Answerability.NO,
        confidence=0.0,
        ms=(time.monotonic() - began_mono) * 1000,
        note=note,
    )

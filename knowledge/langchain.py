"""The knowledge base as a LangChain retriever."""

from __future__ import annotations

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from .access import ANYBODY, Reader
from .base import KnowledgeBase
from .documents import Hit
from .retriever import SearchFilter


class HybridRetriever(BaseRetriever):
    """Retrieves with the ranking of `KnowledgeBase.search`; use it with `ainvoke`.

    Attributes:
        knowledge: An open knowledge base; the retriever does not close it.
        k: Most documents returned.
        only: Which documents may be returned; None allows all.
        reader: Who will read what is found; by default only what everybody may read.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    knowledge: KnowledgeBase
    k: int = Field(default=5, ge=1)
    only: SearchFilter | None = None
    reader: Reader = ANYBODY

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        found = await self.knowledge.search(query, self.k, reader=self.reader, only=self.only)
        return [_document(hit) for hit in found.hits]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        raise NotImplementedError("the knowledge base is asynchronous: use ainvoke")


def _document(hit: Hit) -> LangChainDocument:
    return LangChainDocument(
        page_content=hit.text,
        metadata={
            "source": hit.source,
            "path": hit.path,
            "title": hit.title,
            "heading": hit.heading,
            "first_line": hit.lines[0],
            "last_line": hit.lines[1],
            "score": hit.score,
        },
    )

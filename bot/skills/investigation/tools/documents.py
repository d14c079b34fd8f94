"""What the documents say about what was seen; they inform, and are no evidence of what happens now."""

from __future__ import annotations

import re
from typing import Protocol

from knowledge import Answerability, Reader, SearchResult

from ....addressed import for_people
from ...knowledge.plain_text import plain
from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..phrases import phrases_of
from .base import Asked
from .quoting import one_line

_N_HITS = 3
_MAX_QUERY_CHARS = 300
_LAYOUT = re.compile(r"\s*(?:#{1,6}\s|\||-{3,}\s*$|={3,}\s*$)")


class Searches(Protocol):
    """Finds passages; `knowledge.KnowledgeBase` is one."""

    async def search(self, question: str, k: int = 5, *, reader: Reader) -> SearchResult:
        """Find up to `k` passages that the reader may read."""
        ...


class DocumentsTool:
    """Searches the knowledge base for the most telling line."""

    tool = Tool.DOCUMENTS

    def __init__(self, knowledge: Searches) -> None:
        self._knowledge = knowledge

    def can_look_at(self, service: str) -> bool:
        """Documents may be about any service."""
        return True

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`."""
        found = await self._knowledge.search(_query(service, case), _N_HITS, reader=asked.reader)
        hits = found.hits if found.answerability is not Answerability.NO else ()
        # Pieces of one document may begin alike; the best of them is told.
        told = {
            (one_line(hit.title), one_line(said)): one_line(said, 400)
            for hit in reversed(hits)
            if (said := _sentences(for_people(hit.text)))
        }
        clues = tuple(
            Clue(
                tool=Tool.DOCUMENTS,
                service=service,
                stance=Stance.INFORMS,
                text=f"{title}: `{line}`",
                quote=quote,
            )
            for (title, line), quote in reversed(told.items())
        )
        note = phrases_of(asked.language).n_passages.format(n=len(clues))
        return Look(tool=Tool.DOCUMENTS, service=service, clues=clues, note=note, documents=hits)


def _sentences(text: str) -> str:
    """What a passage says, without its headings and tables where more is left of it."""
    lines = [line for line in text.split("\n") if not _LAYOUT.match(line)]
    return plain("\n".join(lines)) or text


def _query(service: str, case: CaseFile) -> str:
    told = sorted(case.began, key=lambda each: -each.clue.weight)
    words = told[0].clue.quote if told else "trouble"
    return f"{service} {words}"[:_MAX_QUERY_CHARS]

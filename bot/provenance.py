"""Which documents an answer was made of, so that it is not repeated to who may not read them.

A thread remembers its answers for follow-up questions. Who asks next may be somebody else, and a
document may have been closed meanwhile; so before anything remembered is used, its documents are
looked up again for the person who asks now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast

from .messages import Intent, Turn

if TYPE_CHECKING:
    from knowledge import Reader

DOCUMENTS = "documents"
_MADE_OF_DOCUMENTS = frozenset({Intent.KNOWLEDGE, Intent.CODE})


class Place(Protocol):
    """Anything that comes from a document, such as a hit."""

    @property
    def source(self) -> str:
        """Name of the source."""
        ...

    @property
    def path(self) -> str:
        """Place in the source."""
        ...


class Documents(Protocol):
    """Looks documents up; `knowledge.KnowledgeBase` does."""

    async def document(self, source: str, path: str, *, reader: Reader) -> object | None:
        """A document, or None when there is none that the reader may read."""
        ...


def documents_fact(places: Iterable[Place], earlier: Mapping[str, str] | None = None) -> str:
    """What a turn remembers of its documents, under the key `DOCUMENTS`.

    Args:
        earlier: Facts of the turn that this one goes on from, whose documents are in it too.
    """
    known = _places((earlier or {}).get(DOCUMENTS)) or []
    return json.dumps(
        list(dict.fromkeys((*known, *((place.source, place.path) for place in places))))
    )


async def readable(
    history: tuple[Turn, ...], documents: Documents, reader: Reader
) -> tuple[Turn, ...]:
    """A thread's turns, without the answers and facts that this reader may not have.

    What people asked stays: it stands in the thread. A turn that is made of documents and does not
    say of which loses its answer too.
    """
    return tuple([await _readable(turn, documents, reader) for turn in history])


async def _readable(turn: Turn, documents: Documents, reader: Reader) -> Turn:
    if turn.intent not in _MADE_OF_DOCUMENTS and DOCUMENTS not in turn.facts:
        return turn
    places = _places(turn.facts.get(DOCUMENTS))
    if places is not None:
        found = [await documents.document(*place, reader=reader) for place in places]
        if all(each is not None for each in found):
            return turn
    return replace(turn, answer="", facts={})


def _places(fact: str | None) -> list[tuple[str, str]] | None:
    if fact is None:
        return None
    stored = cast("list[list[str]]", json.loads(fact))
    return [(source, path) for source, path in stored]

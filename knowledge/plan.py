"""How an index differs from the stored documents, and whether it can be patched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .chunking import CHUNKER_VERSION
from .document_store import StoredKey
from .embedding import Embedder
from .entries import DocumentEntry
from .index import Index
from .lexical import TERMS_VERSION
from .manifest import Recipe

Identity: TypeAlias = tuple[str, str]
"""Source and path of a document."""

_MOST_SHARE = 4
"""One row in this many may change before the index is made as a whole again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the stored documents differ from the ones indexed.

    Attributes:
        fresh: Stored documents that must be cut and written, in order.
        gone: Indexed documents whose rows must be emptied; none when the index is made anew.
        why_rebuild: Why nothing of the index is taken over; empty when it is.
    """

    added: frozenset[Identity]
    changed: frozenset[Identity]
    removed: frozenset[Identity]
    fresh: tuple[StoredKey, ...]
    gone: tuple[DocumentEntry, ...]
    why_rebuild: str

    @property
    def is_idle(self) -> bool:
        """Whether the index already is as it should be."""
        return not (self.added or self.changed or self.removed or self.why_rebuild)


def make_plan(
    stored: Sequence[StoredKey], old: Index | None, recipe: Recipe, trouble: str = ""
) -> Plan:
    """Compare documents by everything that is stored of them.

    Args:
        old: The index that serves now, or None.
        trouble: Why the index must not be taken over.
    """
    entries = {(one.source, one.path): one for one in old.documents} if old is not None else {}
    now = {(key.source, key.path): key for key in stored}
    changed = frozenset(
        identity
        for identity, key in now.items()
        if identity in entries and entries[identity].revision != key.revision
    )
    added = frozenset(now.keys() - entries.keys())
    removed = frozenset(entries.keys() - now.keys())
    why = trouble
    if old is not None and old.manifest.recipe != recipe:
        why = _difference(old.manifest.recipe, recipe)
    must_change = added | changed
    return Plan(
        added=added,
        changed=changed,
        removed=removed,
        fresh=tuple(key for key in stored if why or (key.source, key.path) in must_change),
        gone=tuple(entries[identity] for identity in changed | removed) if not why else (),
        why_rebuild=why,
    )


def can_patch(plan: Plan, old: Index | None, n_fresh: int) -> bool:
    """Whether going on from the old index is worth it, and keeps it compact.

    Args:
        n_fresh: Rows that will be added; 0 while they are not known yet.
    """
    if old is None or plan.why_rebuild:
        return False
    n_gone = sum(one.n_chunks for one in plan.gone)
    n_patched = old.manifest.n_patched + n_gone + n_fresh
    return n_patched <= old.manifest.n_rows // _MOST_SHARE


def recipe_for(embedder: Embedder) -> Recipe:
    """What an index made now with this embedder is made with."""
    return Recipe(embedder.name, embedder.n_dimensions, CHUNKER_VERSION, TERMS_VERSION)


def is_comparable(one: Recipe, other: Recipe) -> bool:
    """Whether vectors made by one recipe can be compared with those of another."""
    return (one.encoder, one.n_dimensions) == (other.encoder, other.n_dimensions)


def _difference(old: Recipe, new: Recipe) -> str:
    if old.encoder != new.encoder:
        return f"embedding model {old.encoder} became {new.encoder}"
    if old.chunker != new.chunker:
        return f"chunker {old.chunker} became {new.chunker}"
    return f"rules for terms {old.terms} became {new.terms}"

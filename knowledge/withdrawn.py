"""What an index still holds although it was removed since, or may be read by fewer people now.

An index is as old as its last complete build. What is stored may be newer: a build takes its time,
fails, or is killed. What somebody may read is decided by what is stored now.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from .access import Reader
from .document_store import DocumentStore
from .errors import StoreError
from .plan import Identity


def withdrawn(
    store: DocumentStore, among: Iterable[Identity], reader: Reader
) -> frozenset[Identity]:
    """Documents that are not stored any more, or not for this reader. Blocks on disk.

    A store that was lost, or cannot be read, withdraws nothing: the index is all there is then.
    """
    wanted = tuple(dict.fromkeys(among))
    try:
        groups = store.groups_of(wanted)
    except StoreError as exc:
        structlog.get_logger().warning("searching_without_stored_documents", reason=str(exc))
        return frozenset()
    if groups is None:
        return frozenset()
    return frozenset(one for one in wanted if one not in groups or not reader.may_read(groups[one]))

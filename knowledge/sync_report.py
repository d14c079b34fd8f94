"""What one sync did, for people and scripts."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from .document_store import StoredSource
from .documents import SourceOutcome, SyncReport
from .plan import Identity, Plan


def report(
    names: Sequence[str],
    sources: Sequence[StoredSource],
    plan: Plan,
    n_chunks: int,
    n_embedded: int,
    seconds: float,
) -> SyncReport:
    """What a sync of the sources named did.

    Args:
        sources: Everything that is stored now.
    """
    stored = {one.name: one for one in sources}
    outcomes = tuple(_outcome(stored[name], plan) for name in names if name in stored)
    done = SyncReport(
        n_documents=sum(one.n_documents for one in sources),
        added=len(plan.added),
        changed=len(plan.changed),
        removed=len(plan.removed),
        skipped=tuple(file for one in outcomes for file in one.skipped),
        n_chunks=n_chunks,
        n_embedded=n_embedded,
        rebuilt=plan.why_rebuild,
        seconds=seconds,
        sources=outcomes,
    )
    structlog.get_logger().info(
        "knowledge_synced",
        n_documents=done.n_documents,
        n_chunks=done.n_chunks,
        n_embedded=done.n_embedded,
        rebuilt=done.rebuilt,
        troubles=[one.trouble for one in outcomes if one.trouble],
        seconds=round(done.seconds, 2),
    )
    return done


def _outcome(source: StoredSource, plan: Plan) -> SourceOutcome:
    return SourceOutcome(
        name=source.name,
        kind=source.kind,
        n_documents=source.n_documents,
        added=_n_of(source.name, plan.added),
        changed=_n_of(source.name, plan.changed),
        removed=_n_of(source.name, plan.removed),
        skipped=source.skipped,
        trouble=source.trouble,
    )


def _n_of(source: str, identities: frozenset[Identity]) -> int:
    return sum(its == source for its, _ in identities)

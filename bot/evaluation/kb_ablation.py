"""What each method of a search adds: the same questions, with more and more switched on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge import Methods

from .kb import Case, Recall, Searches, Variant, evaluate

_NONE = Methods(
    words=False, meaning=False, scores=False, names=False, glossary=False, rewriting=False
)
_FUSED = replace(_NONE, words=True, meaning=True)
_SCORED = replace(_FUSED, scores=True)
_NAMED = replace(_SCORED, names=True)

VARIANTS = (
    Variant(name="words (BM25)", methods=replace(_NONE, words=True), widen_tokens=0),
    Variant(name="vectors", methods=replace(_NONE, meaning=True), widen_tokens=0),
    Variant(name="both, fused by rank", methods=_FUSED, widen_tokens=0),
    Variant(name="both, fused by score", methods=_SCORED, widen_tokens=0),
    Variant(name="+ exact names first", methods=_NAMED, widen_tokens=0),
    Variant(name="+ glossary", methods=replace(_NAMED, glossary=True), widen_tokens=0),
    Variant(name="+ model, no glossary", methods=replace(_NAMED, rewriting=True), widen_tokens=0),
    Variant(name="+ glossary and model", widen_tokens=0),
    Variant(name="+ passages widened"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """The figures of one variant, and its median time of a search."""

    name: str
    recall: Recall
    p50_ms: float


async def ablate(cases: Sequence[Case], knowledge: Searches) -> tuple[Ablation, ...]:
    """Score every variant of the search, the plainest first."""
    found: list[Ablation] = []
    for variant in VARIANTS:
        report = await evaluate(cases, knowledge, variant)
        found.append(Ablation(name=variant.name, recall=report.recall, p50_ms=report.p50_ms))
    return tuple(found)

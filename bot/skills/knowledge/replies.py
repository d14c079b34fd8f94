"""What an answer from documents looks like at each point."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages import Note, Part, Passage, Passages, Phase, Prose, Reply
from bot.provenance import DOCUMENTS, documents_fact
from knowledge import Hit

from ..recorded import refusal_facts
from .excerpt import excerpt

NOTHING = "Nothing in the knowledge base answers this."
_N_NEAREST = 3


def passages(hits: Sequence[Hit], question: str) -> Passages:
    """Hits as numbered passages."""
    return Passages(
        rows=tuple(
            Passage(
                number=number,
                title=hit.title,
                heading=hit.heading,
                path=hit.path,
                lines=hit.lines,
                excerpt=excerpt(hit.text, question),
                source=hit.source,
            )
            for number, hit in enumerate(hits, start=1)
        )
    )


def working(found: Passages, sentences: Sequence[str]) -> Reply:
    """The passages, and the sentences checked so far."""
    parts: tuple[Part, ...] = (found,)
    if sentences:
        parts = (found, Prose(text=" ".join(sentences), from_model=True))
    status = "answering" if sentences else "reading"
    return Reply(parts=parts, summary=_summary(found), phase=Phase.WORKING, status=status)


def answered(
    found: Passages, sentences: Sequence[str], footer: str, facts: dict[str, str]
) -> Reply:
    """Passages, the sentences that hold, and what was withheld."""
    text = " ".join(sentences)
    return Reply(
        parts=(found, Prose(text=text, from_model=True), Note(text=footer)),
        summary=text,
        facts=facts,
    )


def refused(hits: Sequence[Hit], footer: str = "") -> Reply:
    """Nothing answers; the nearest documents by name only."""
    facts = {DOCUMENTS: documents_fact(hits)} | refusal_facts(
        tuple(dict.fromkeys(hit.title for hit in hits))[:_N_NEAREST]
    )
    names = dict.fromkeys(f"{hit.title} ({hit.path})" for hit in hits)
    nearest = "; ".join(list(names)[:_N_NEAREST])
    text = f"{NOTHING} Nearest: {nearest}." if nearest else NOTHING
    parts: tuple[Part, ...] = (Prose(text=text),)
    if footer:
        parts = (*parts, Note(text=footer))
    return Reply(parts=parts, summary=text, facts=facts)


def without_model(found: Passages, reason: str, facts: dict[str, str]) -> Reply:
    """The passages alone."""
    note = Note(text=f"the model is not available: {reason}")
    return Reply(parts=(found, note), summary=_summary(found), facts=facts)


def unverified(found: Passages, footer: str, facts: dict[str, str]) -> Reply:
    """Passages that probably answer, but no sentence of the model that they support."""
    note = Note(text=f"no sentence could be verified, so read the passages · {footer}")
    return Reply(parts=(found, note), summary=_summary(found), facts=facts)


def empty(trouble: str) -> Reply:
    """There is nothing to search."""
    text = (
        f"The knowledge base cannot be read: {trouble}. `opsbot kb sync` rebuilds it."
        if trouble
        else "The knowledge base is empty. Name folders as `knowledge.folders` in opsbot.toml, "
        "or run `opsbot kb sync PATH`."
    )
    return Reply(parts=(Prose(text=text),), summary=text)


def footer(n_withheld: int, model: str, seconds: float) -> str:
    """Small print: what was withheld, which model, how long it took in seconds."""
    timing = f"{model}, {seconds:.1f} s"
    if not n_withheld:
        return timing
    noun = "sentence" if n_withheld == 1 else "sentences"
    return f"{n_withheld} {noun} withheld (unsupported or beside the question) · {timing}"


def _summary(found: Passages) -> str:
    best = found.rows[0]
    return f"Found in {best.title}" + (f" > {best.heading}" if best.heading else "")

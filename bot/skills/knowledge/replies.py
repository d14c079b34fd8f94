"""What an answer from documents looks like at each point."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages import Note, Part, Passage, Passages, Phase, Prose, Reply
from bot.provenance import DOCUMENTS, documents_fact
from knowledge import Hit

from ..recorded import refusal_facts
from .excerpt import excerpt
from .phrases import Phrases

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


def working(found: Passages, words: Phrases) -> Reply:
    """The passages, while it is decided whether and with what they answer."""
    return Reply(
        parts=(found,), summary=_summary(found, words), phase=Phase.WORKING, status="reading"
    )


def answered(
    found: Passages, answer: Sequence[Part], footer: str, facts: dict[str, str], words: Phrases
) -> Reply:
    """Passages, what they say to the question, and small print."""
    said = " ".join(part.text for part in answer if isinstance(part, Prose))
    return Reply(
        parts=(found, *answer, Note(text=footer)),
        summary=said or _summary(found, words),
        facts=facts,
    )


def refused(hits: Sequence[Hit], words: Phrases, footer: str = "") -> Reply:
    """Nothing answers; the nearest documents by name only."""
    facts = {DOCUMENTS: documents_fact(hits)} | refusal_facts(
        tuple(dict.fromkeys(hit.title for hit in hits))[:_N_NEAREST]
    )
    names = dict.fromkeys(f"{hit.title} ({hit.path})" for hit in hits)
    nearest = "; ".join(list(names)[:_N_NEAREST])
    text = f"{words.nothing} {words.related}: {nearest}." if nearest else words.nothing
    parts: tuple[Part, ...] = (Prose(text=text),)
    if footer:
        parts = (*parts, Note(text=footer))
    return Reply(parts=parts, summary=text, facts=facts)


def unread(found: Passages, footer: str, facts: dict[str, str], words: Phrases) -> Reply:
    """Passages that probably answer, but nothing in them that could be quoted."""
    parts = (found, Prose(text=words.unverified), Note(text=footer))
    return Reply(parts=parts, summary=_summary(found, words), facts=facts)


def empty(trouble: str) -> Reply:
    """There is nothing to search."""
    text = (
        f"The knowledge base cannot be read: {trouble}. `opsbot kb sync` rebuilds it."
        if trouble
        else "The knowledge base is empty. Name folders as `knowledge.folders` in opsbot.toml, "
        "or run `opsbot kb sync PATH`."
    )
    return Reply(parts=(Prose(text=text),), summary=text)


def _summary(found: Passages, words: Phrases) -> str:
    best = found.rows[0]
    heading = f" > {best.heading}" if best.heading else ""
    return f"{words.lead} {best.title}{heading}"

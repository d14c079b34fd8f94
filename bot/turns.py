"""What a thread remembers of one exchange. Pure."""

from __future__ import annotations

from .conversation.facts import UNDERSTOOD
from .messages import (
    Code,
    Heading,
    Intent,
    Passages,
    Prose,
    Quote,
    Reply,
    Request,
    SourcedLines,
    Turn,
)

_MAX_ANSWER_CHARS = 2000


def turn_of(request: Request, intent: Intent, reply: Reply) -> Turn:
    """The exchange that a request and what its answer shows make."""
    facts = reply.facts
    if request.asked:
        facts = {**facts, UNDERSTOOD: request.text}
    asked = request.asked or request.text
    return Turn(text=asked, intent=intent, answer=plain_text(reply), facts=facts)


def plain_text(reply: Reply) -> str:
    """The words of a reply, for memory and for models; bounded."""
    lines: list[str] = []
    for part in reply.parts:
        if isinstance(part, (Heading, Prose, Code, Quote)):
            lines.append(part.text)
        elif isinstance(part, SourcedLines):
            lines.extend(row.text for row in part.rows)
        elif isinstance(part, Passages):
            lines.extend(f"[{row.number}] {row.title} - {row.heading}" for row in part.rows)
    return "\n".join(lines)[:_MAX_ANSWER_CHARS]

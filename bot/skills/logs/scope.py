"""Which logs a request is about: pasted or uploaded text, a named service, or all of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...conversation.facts import services_in
from ...fences import fenced_blocks
from ...messages import Attachment, Request, Turn

_MIN_PASTED_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at: texts when there are any, else services.

    Attributes:
        services: Configured names, in the order of configuration.
        was_named: Whether the person (or the thread) named the services.
    """

    texts: tuple[Attachment, ...] = ()
    services: tuple[str, ...] = ()
    was_named: bool = False


def scope_of(request: Request, history: tuple[Turn, ...], known: Iterable[str]) -> Scope:
    """Decide what a request is about.

    What came with the request is looked at before anything else; then the services it names, then
    those that the thread was about, then all.
    """
    texts = request.attachments or pasted(request.text)
    if texts:
        return Scope(texts=texts)
    names = tuple(known)
    named = services_in(request.text, names)
    if named:
        return Scope(services=named, was_named=True)
    for turn in reversed(history):
        remembered = turn.facts.get("service", "").split(",")
        services = tuple(name for name in names if name in remembered)
        if services:
            return Scope(services=services, was_named=True)
    return Scope(services=names)


def pasted(text: str) -> tuple[Attachment, ...]:
    """Log lines inside a message: fenced blocks, or everything after its first line."""
    fenced = [block.strip("\n") for block in fenced_blocks(text)]
    if fenced:
        return (Attachment(name="pasted", text="\n".join(fenced)),)
    lines = text.strip().split("\n")
    if len(lines) <= _MIN_PASTED_LINES:
        return ()
    return (Attachment(name="pasted", text="\n".join(lines[1:])),)

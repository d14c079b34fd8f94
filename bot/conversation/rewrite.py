"""A follow-up made to stand alone with what its thread knows, by rules. Pure.

Only names that the thread or the settings know are put in, and only into a text that points back;
every other text is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..messages import Intent
from ..router.follow_up import is_follow_up
from . import wording
from .facts import ThreadFacts, named, nodes_in, services_in

_MAX_WORDS = 14
_MAX_CHARS = 160
_PUNCTUATION = " ?!.,;:？！。，"  # noqa: RUF001


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """What a text means.

    Attributes:
        text: The standalone text; the original where it stands alone already.
        services: More than one of them can be meant, and the rules cannot say which.
        nodes: The same for hosts and pods.
    """

    text: str
    services: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something of it could be chosen better."""
        return bool(self.services or self.nodes)


def rewrite(text: str, intent: Intent, thread: ThreadFacts | None) -> Rewrite:
    """Resolve what a text leaves to its thread.

    Args:
        intent: The skill that will answer it.
        thread: None when nothing was asked there before.
    """
    if thread is None or not thread.base or intent is Intent.CHAT or not _is_short(text):
        return Rewrite(text=text)
    swapped = _swapped(text, thread)
    if swapped and _goes_on(intent, thread):
        return Rewrite(text=swapped)
    if wording.OTHER.search(text) and not services_in(text, thread.services):
        return _other(text, thread, intent)
    if intent in {Intent.LOGS, Intent.RUNBOOK, Intent.SCHEDULE} and _has_pronoun(text):
        return _for_pronoun(text, intent, thread)
    return Rewrite(text=_about(text, thread) if _leans(text, intent, thread) else text)


def with_names(text: str, thread: ThreadFacts, service: str, node: str) -> str:
    """The standalone text once it was chosen who is meant; empty names were not chosen."""
    if (service or node) and _has_pronoun(text) and not wording.OTHER.search(text):
        return _replaced(text, node or service)
    swapped = thread.base
    for name, others in ((service, thread.services), (node, thread.nodes)):
        swapped = _with_name(swapped, name, others) if name else swapped
    return swapped if swapped != thread.base else _about(text, thread)


def _is_short(text: str) -> bool:
    return "\n" not in text and len(text) <= _MAX_CHARS and len(text.split()) <= _MAX_WORDS


def _goes_on(intent: Intent, thread: ThreadFacts) -> bool:
    return intent is thread.intent and intent is not Intent.SCHEDULE


def _leans(text: str, intent: Intent, thread: ThreadFacts) -> bool:
    """Whether a text that names nothing else still needs the question before it."""
    if intent in {Intent.CODE, Intent.SCHEDULE} or services_in(text, thread.services):
        return False
    if wording.WHY.match(text):
        return True
    led = wording.LEAD.match(text) is not None and is_follow_up(text)
    return led or (intent is Intent.KNOWLEDGE and wording.POINTS.search(text) is not None)


def _swapped(text: str, thread: ThreadFacts) -> str:
    """The last question with another service, node or time; empty when the text says more."""
    services, nodes = services_in(text, thread.services), nodes_in(text)
    nodes = tuple(node for node in nodes if node not in services)
    times = [match.group() for match in wording.TIME.finditer(text)]
    rest = wording.TIME.sub(" ", text)
    for name in (*services, *nodes):
        rest = named(name).sub(" ", rest)
    if not (services or nodes or times) or not wording.EMPTY.match(wording.FILLER.sub(" ", rest)):
        return ""
    base = thread.base
    if services:
        base = _with_name(base, " ".join(services), thread.services)
    if nodes:
        base = _with_name(base, " ".join(nodes), thread.nodes)
    return _with_time(base, times) if times else base


def _with_name(base: str, name: str, others: Sequence[str]) -> str:
    """The question with a name in the place of another of its kind, or behind it."""
    for other in sorted(others, key=len, reverse=True):
        pattern = named(other)
        if pattern.search(base):
            return pattern.sub(lambda _: name, base)
    return f"{base.rstrip(_PUNCTUATION)} ({name}){_end(base)}"


def _with_time(base: str, times: Sequence[str]) -> str:
    bare = " ".join(wording.TIME.sub(" ", base).split()).rstrip(_PUNCTUATION)
    return f"{bare} {' '.join(times)}{_end(base)}"


def _end(base: str) -> str:
    return base[-1] if base.endswith(("?", "？")) else ""  # noqa: RUF001


def _other(text: str, thread: ThreadFacts, intent: Intent) -> Rewrite:
    """The name of its kind that the last question did not speak of."""
    asked = [node for node in thread.nodes if named(node).search(thread.base)]
    kinds = {_kind(node) for node in asked}
    nodes = tuple(
        node for node in thread.nodes if node not in asked and (not kinds or _kind(node) in kinds)
    )
    services = tuple(
        name
        for name in thread.services
        if name not in thread.about and not named(name).search(thread.base)
    )
    candidates = nodes if nodes and (asked or len(services) != 1) else services
    if len(candidates) == 1 and _goes_on(intent, thread):
        known = thread.nodes if candidates is nodes else thread.services
        return Rewrite(text=_with_name(thread.base, candidates[0], known))
    return Rewrite(
        text=_about(text, thread),
        services=services if candidates is services else (),
        nodes=nodes if candidates is nodes else (),
    )


def _kind(node: str) -> str:
    """What numbered names have in common: `web-` of web-3; of addresses nothing."""
    return node.rstrip("0123456789.")


def _has_pronoun(text: str) -> bool:
    return bool(wording.PRONOUN.search(text) or wording.ENDS_WITH_THAT.search(text))


def _for_pronoun(text: str, intent: Intent, thread: ThreadFacts) -> Rewrite:
    """The pronoun's name, where the thread spoke of one thing."""
    if services_in(text, thread.services) or nodes_in(text):
        return Rewrite(text=text)
    if intent is Intent.SCHEDULE:
        return Rewrite(text=_replaced(text, f"digest {thread.digest}") if thread.digest else text)
    if len(thread.about) == 1:
        return Rewrite(text=_replaced(text, thread.about[0]))
    return Rewrite(text=_about(text, thread), services=thread.about)


def _replaced(text: str, name: str) -> str:
    if wording.PRONOUN.search(text):
        return wording.PRONOUN.sub(lambda _: name, text)
    return wording.ENDS_WITH_THAT.sub(lambda _: name, text)


def _about(text: str, thread: ThreadFacts) -> str:
    return f"{text.strip()} (about: {thread.base})"

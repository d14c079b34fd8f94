"""What a thread is about, gathered from what its turns remember. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..messages import Intent, Turn

ORDER = "order"
"""The fact of turns that were orders about the thread itself; they are no topic to go on from."""

UNDERSTOOD = "understood"
"""The fact that holds what a short question was taken to mean."""

INVESTIGATED = "investigated"
"""The fact that names the services whose investigation came to its end."""

_MAX_BASE_CHARS = 300
_MAX_NAMES = 12
_NODE = re.compile(
    r"(?<![\w.-])(?:[a-z][a-z0-9]{1,20}(?:-[a-z][a-z0-9]{0,20}){0,3}-\d{1,3}|"
    r"\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\w)"
)
_NO_NODES = re.compile(r"^(?:utf|sha|gpt|ipv|web-?hook|top|p)-?\d|^(?:\d+\.)+0$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadFacts:
    """What a follow-up can refer to.

    Attributes:
        base: The last question as it was understood, one line.
        intent: The skill that answered it.
        services: Every service that can be meant.
        about: The services that the last turn which had any was about.
        nodes: Names of hosts and pods that were mentioned, in that order.
        digest: Number of the digest that was last spoken of; empty when none was.
    """

    base: str
    intent: Intent
    services: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    digest: str = ""


def facts_of(history: Sequence[Turn], known: Iterable[str] = ()) -> ThreadFacts | None:
    """Gather a thread's facts; None when nothing was asked in it.

    Args:
        history: Turns that the reader may have, oldest first.
        known: Configured services.
    """
    turns = [turn for turn in history if ORDER not in turn.facts]
    if not turns:
        return None
    last = turns[-1]
    remembered = [_services(turn) for turn in turns]
    services = tuple(dict.fromkeys((*known, *(name for names in remembered for name in names))))
    texts = [text for turn in turns for text in (turn.text, turn.answer)]
    nodes = dict.fromkeys(name for text in texts for name in nodes_in(text))
    return ThreadFacts(
        base=base_of(last),
        intent=last.intent,
        services=services,
        about=next((names for names in reversed(remembered) if names), ()),
        nodes=tuple(name for name in nodes if name not in services)[-_MAX_NAMES:],
        digest=next((t.facts["digest"] for t in reversed(turns) if "digest" in t.facts), ""),
    )


def base_of(turn: Turn) -> str:
    """What a turn asked, as it was understood, in one line."""
    understood = turn.facts.get(UNDERSTOOD, "") or turn.text
    return " ".join(understood.split())[:_MAX_BASE_CHARS].strip()


def nodes_in(text: str) -> tuple[str, ...]:
    """Names of hosts and pods, and addresses, in a text."""
    found = (match.group() for match in _NODE.finditer(text))
    return tuple(dict.fromkeys(name for name in found if not _NO_NODES.search(name)))


def services_in(text: str, services: Iterable[str]) -> tuple[str, ...]:
    """The known services that a text names."""
    return tuple(name for name in services if named(name).search(text))


def named(name: str) -> re.Pattern[str]:
    """Finds a name as people write it."""
    pattern = re.sub(r"\\-|_", "[-_ ]?", re.escape(name))
    return re.compile(rf"(?<![A-Za-z0-9_-]){pattern}(?![A-Za-z0-9_-]|\.\w)", re.IGNORECASE)


def _services(turn: Turn) -> tuple[str, ...]:
    return tuple(filter(None, turn.facts.get("service", "").split(",")))

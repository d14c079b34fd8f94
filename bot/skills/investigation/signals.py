"""Which declared signal a text shows, and which other services it names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from bot.conversation.facts import named

from .declarations import records_of, text_of, texts_of

_HOST = re.compile(
    r"(?<![\w.@/-])(?:\w+://)?(?:[\w.+-]+@)?([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*)(?::\d{2,5})(?!\d)",
    re.IGNORECASE,
)
_URL = re.compile(r"\b[a-z][a-z+]*://(?:[^\s/@]+@)?([a-z][\w.-]*)", re.IGNORECASE)
_AFTER = re.compile(
    r"\b(?:connect(?:ing|ion)? to|calling|call to|reach(?:ing)?|upstream|dependency|backend|host|lookup|from|by|resolve)"
    r"[ :=]+[\"'`]?([a-z][a-z0-9]*(?:[-_.][a-z0-9]+)+)\b",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:connect(?:ing|ion)? to|call(?:ing| to)|requests? to|rpc to|dial(?:ing)?|reach(?:ing)?|host=)"
    r" ?[\"'`]?([a-z][a-z0-9_-]{2,})(?![\w-]*[.(:])",
    re.IGNORECASE,
)
_NO_HOSTS = frozenset(
    [
        "localhost",
        "line",
        "error",
        "time",
        "main",
        "port",
        "java",
        "tcp",
        "udp",
        "unix",
        "http",
        "https",
        "the",
        "this",
        "that",
        "its",
        "any",
        "all",
        "server",
        "servers",
        "service",
        "services",
        "database",
        "host",
        "hosts",
        "backend",
        "upstream",
        "remote",
        "peer",
        "client",
        "socket",
        "broker",
        "cluster",
        "node",
        "endpoint",
        "api",
        "cache",
        "queue",
        "method",
        "function",
        "limit",
        "end",
    ]
)
_FILE = re.compile(
    r"\.(?:py|go|java|js|ts|rb|rs|c|cc|php|kt|scala|log|conf|yaml|json)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a text can say about its cause.

    Attributes:
        is_about_named: Whether it speaks of the service that it names instead of its own.
    """

    signal_id: str
    pattern: re.Pattern[str]
    is_about_named: bool = False


@cache
def signals() -> tuple[Signal, ...]:
    """All declared signals, the more specific first."""
    return tuple(
        Signal(
            signal_id=text_of(record, "id"),
            pattern=re.compile("|".join(texts_of(record, "patterns")), re.IGNORECASE),
            is_about_named=record.get("about") == "named",
        )
        for record in records_of("signals.yaml")
    )


def signal_in(text: str) -> Signal | None:
    """The signal that a text shows, or None."""
    return next((each for each in signals() if each.pattern.search(text)), None)


def services_in(text: str, known: Iterable[str], own: str) -> tuple[str, ...]:
    """The services and hosts that a text names, known services first; not its own.

    A host is a service when its first label is the service's name: "orders-db.prod.svc:5432".
    """
    names = [name for name in known if name != own]
    mentioned = [name for name in names if _names(text, name)]
    hosts = (
        match.lower() for form in (_HOST, _URL, _AFTER, _CALLED) for match in form.findall(text)
    )
    foreign = (host for host in hosts if _is_foreign(host, own, mentioned))
    return tuple(dict.fromkeys((*mentioned, *foreign)))


def _is_foreign(host: str, own: str, mentioned: list[str]) -> bool:
    label = host.split(".", 1)[0]
    if label in _NO_HOSTS or _plain(label) == _plain(own) or _FILE.search(host):
        return False
    return all(_plain(label) != _plain(name) for name in mentioned)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _names(text: str, name: str) -> bool:
    """Whether a line names a service; in a host's name its first label does."""
    return (
        named(name).search(text) is not None
        or re.search(rf"(?<![\w.-]){re.escape(name)}\.[a-z]", text, re.IGNORECASE) is not None
    )

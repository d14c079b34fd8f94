"""Writes the logs of a simulated system: everyday chatter of each service, and what goes wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from .incident import Incident, Message

_CHATTER = (
    (
        "INFO",
        "request completed method=GET path=/api/v1/items/{n} status=200 duration_ms={n}",
        14.0,
    ),
    ("INFO", "request completed method=POST path=/api/v1/orders status=201 duration_ms={n}", 9.0),
    ("INFO", "cache refreshed entries={n} took_ms={n}", 3.0),
    ("DEBUG", "heartbeat sent seq={n}", 6.0),
    ("INFO", "session {id} opened", 4.0),
    ("INFO", "session {id} closed after {n} ms", 4.0),
    ("WARN", "slow request path=/api/v1/report took {n} ms", 0.5),
    ("INFO", "scheduled job finished name=cleanup removed={n}", 0.4),
    ("ERROR", "invalid input from client {id}: field quantity must be positive", 0.35),
)


def write_logs(incident: Incident, folder: Path, seed: int) -> Mapping[str, tuple[str, ...]]:
    """Write one file for each service.

    Returns:
        The sources as the settings name them.
    """
    sources: dict[str, tuple[str, ...]] = {}
    for position, service in enumerate(incident.known):
        chance = random.Random(seed * 1000 + position)  # noqa: S311 - no secret
        path = folder / f"{service}.log"
        lines = sorted(_lines(incident, service, chance))
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        sources[service] = (str(path),)
    return sources


def _lines(incident: Incident, service: str, chance: random.Random) -> Iterator[str]:
    begin = incident.now - timedelta(hours=2, minutes=5)
    for level, text, per_minute in _CHATTER:
        rate = per_minute * chance.uniform(0.7, 1.3)
        message = Message(
            service=service, level=level, text=text, start=begin, end=incident.now,
            per_minute=rate,
        )  # fmt: skip
        yield from _written(message, chance)
    for message in incident.messages:
        if message.service == service:
            yield from _written(message, chance)


def _written(message: Message, chance: random.Random) -> Iterator[str]:
    """The message at random times; at least once when it is written at all."""
    mean_s = 60.0 / message.per_minute
    at = message.start + timedelta(seconds=min(chance.expovariate(1 / mean_s), mean_s * 0.5))
    while at < message.end:
        yield _line(at, message, chance)
        at += timedelta(seconds=chance.expovariate(1 / mean_s))


def _line(at: datetime, message: Message, chance: random.Random) -> str:
    text = message.text
    while "{n}" in text:
        text = text.replace("{n}", str(chance.randrange(1, 9000)), 1)
    while "{id}" in text:
        text = text.replace("{id}", f"{chance.randrange(16**8):08x}", 1)
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    return f"{stamp} {message.level} {text}"

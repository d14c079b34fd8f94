"""A log as large as one likes: several services, status codes, stack traces, moving times."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_START = datetime(2026, 3, 2, tzinfo=UTC)
_SERVICES = ("checkout", "cart", "search", "billing")
_N_MESSAGES = 40_000
_PER_SECOND = 80
_TRACE = (
    "\njava.lang.IllegalStateException: no connection within {wait} ms"
    "\n\tat com.example.{service}.Pool.take(Pool.java:{wait})"
    "\n\tat com.example.{service}.Handler.run(Handler.java:77)"
    "\nCaused by: java.net.SocketException: connection reset"
    "\n\t... 12 more"
)


def write_large_log(path: Path, n_bytes: int, seed: int = 0) -> None:
    """Write a log of about so many bytes; the same messages come again at later times."""
    messages = _messages(seed)
    n_written = second = 0
    with path.open("w", encoding="ascii") as file:
        while n_written < n_bytes:
            start = second * _PER_SECOND % _N_MESSAGES
            head = f"{_START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}Z "
            batch = messages[start : start + _PER_SECOND]
            n_written += file.write(head + f"\n{head}".join(batch) + "\n")
            second += 1


def _messages(seed: int) -> list[str]:
    rng = random.Random(seed)  # noqa: S311 - no secret
    return [_message(rng) for _ in range(_N_MESSAGES)]


def _message(rng: random.Random) -> str:
    service, key, kind = rng.choice(_SERVICES), rng.randrange(10**6), rng.randrange(1000)
    block = rng.getrandbits(60)
    if kind == 0:
        trace = _TRACE.format(service=service, wait=rng.randrange(100, 5000))
        return f"ERROR {service}: order {key} failed{trace}"
    if kind < 10:
        return f"WARN {service}: retry {kind} of order {key} after {key % 900} ms"
    if kind < 200:
        status = rng.choice((200, 200, 200, 201, 404, 500))
        return f'INFO {service}: 10.0.{key % 256}.7 "GET /items/{key} HTTP/1.1" {status} {kind}'
    if kind < 250:
        return f"DEBUG {service}: trace {block:015x} of user {key} ended"
    if kind < 500:
        return f"INFO {service}: received block blk_{block} of size 67108864 from 10.250.{kind}.7"
    if kind < 750:
        return f"INFO {service}: blockMap updated: 10.250.{kind}.5:50010 is added to blk_{block}"
    return f"INFO {service}: entry {key} was stored in shard {kind} of region {key % 7}"

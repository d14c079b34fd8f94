"""A line says what it says, whoever wrote it; and names other services, never its own."""

from __future__ import annotations

import pytest

from bot.skills.investigation.causes import causes
from bot.skills.investigation.signals import services_in, signal_in, signals

KNOWN = ("checkout", "orders", "orders-db", "image-cache")


@pytest.mark.parametrize(
    ("line", "signal_id"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", "oom"),
        ("Memory cgroup out of memory: Killed process 4121 (python)", "oom"),
        ("write /data/seg: no space left on device", "disk_full"),
        ("x509: certificate has expired or is not yet valid", "certificate"),
        ("dial tcp: lookup db.internal on 10.0.0.2:53: no such host", "dns"),
        ("HTTP 429 Too Many Requests from payments", "rate_limited"),
        ('FATAL: password authentication failed for user "app"', "credentials"),
        ("accept4: too many open files; retrying in 5ms", "descriptors"),
        ("HikariPool-1 - Connection is not available, request timed out", "pool_exhausted"),
        ("ERROR: deadlock detected", "lock"),
        ("connect: no route to host", "network"),
        ("connect ECONNREFUSED 10.0.0.7:5432", "dependency"),
        ("HTTPConnectionPool(host='billing', port=80): Read timed out.", "dependency"),
        ("CPU throttled: 300 of 1000 periods above quota", "cpu"),
        ("upstream timed out while reading response header", "dependency"),
        ("panic: runtime error: invalid memory address", "crash"),
        ("required setting PAYMENT_MODE is missing from configuration", "config"),
    ],
)
def test_a_line_shows_its_signal(line: str, signal_id: str) -> None:
    found = signal_in(line)
    assert found is not None
    assert found.signal_id == signal_id


@pytest.mark.parametrize(
    "line",
    [
        "request completed status=200 duration_ms=429",
        "KeyError: 'currency' in price()",
        "cache refreshed entries=500 took_ms=503",
        "slow request path=/api/v1/report took 1831 ms",
    ],
)
def test_chatter_shows_none(line: str) -> None:
    assert signal_in(line) is None


def test_every_signal_is_a_declared_cause() -> None:
    assert {each.signal_id for each in signals()} <= set(causes())


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("dial tcp orders-db.prod.svc:5432: connection refused", ("orders-db",)),
        ("upstream request to image-cache failed: 503", ("image-cache",)),
        ("call to image_cache failed", ("image-cache",)),
        ("POST http://payments.example.com/v1 timed out", ("payments.example.com",)),
        ("upstream request to stock failed: 503 Service Unavailable", ("stock",)),
        ("HTTPConnectionPool(host='billing', port=80): Read timed out.", ("billing",)),
        ("deadline exceeded calling profile", ("profile",)),
        ("cannot connect to the server", ()),
        ("checkout failed at main.py:120", ()),
        ("connect 127.0.0.1:5432 refused", ()),
    ],
)
def test_what_a_line_names(line: str, named: tuple[str, ...]) -> None:
    assert services_in(line, KNOWN, "checkout") == named


def test_a_service_does_not_name_itself() -> None:
    assert services_in("orders:8080 refused", KNOWN, "orders") == ()

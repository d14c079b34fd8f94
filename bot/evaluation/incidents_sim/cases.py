"""The simulated incidents: those that are told, and held-back ones that chance makes."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from .building import Herring, Plan, build
from .faults import faults
from .incident import Incident

_NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
_H = Herring
_TOLD: tuple[tuple[str, str | None, tuple[str, ...], tuple[str, ...], float, tuple[Herring, ...]], ...] = (
    ("disk of the database is full", "disk_full", ("checkout", "orders", "orders-db"), ("search", "mail"), 24, (_H.OTHER_DEPLOY,)),
    ("a change of the service itself", "deploy", ("checkout",), ("orders", "search"), 17, (_H.WARNING, _H.OTHER_DEPLOY)),
    ("memory of a dependency", "oom", ("frontend", "pricing"), ("search", "mail"), 31, (_H.OLD_DEPLOY, _H.STEADY)),
    ("certificate of the gateway", "certificate", ("mobile-api", "gateway"), ("search", "billing"), 21, (_H.ALERT,)),
    ("names cannot be resolved", "dns", ("catalog",), ("search", "mail"), 12, (_H.WARNING,)),
    ("a payment provider limits requests", "rate_limited", ("checkout", "payments"), ("search", "mail"), 28, (_H.OTHER_DEPLOY, _H.ALERT)),
    ("an expired password", "credentials", ("reports", "warehouse-db"), ("search", "mail"), 19, (_H.STEADY,)),
    ("open files run out", "descriptors", ("edge",), ("search", "mail"), 15, (_H.WARNING, _H.ALERT)),
    ("locks in the database", "lock", ("checkout", "ledger", "ledger-db"), ("search", "mail"), 26, (_H.OTHER_DEPLOY, _H.WARNING)),
    ("the connection pool is used up", "pool_exhausted", ("checkout",), ("search", "mail"), 22, (_H.ALERT, _H.STEADY)),
    ("processor saturated", "cpu", ("frontend", "recommender"), ("search", "mail"), 18, (_H.OLD_DEPLOY,)),
    ("far more requests than usual", "traffic_spike", ("shop",), ("search", "mail"), 20, (_H.WARNING,)),
    ("a crashing dependency", "crash", ("frontend", "session-store"), ("search", "mail"), 33, (_H.OTHER_DEPLOY,)),
    ("no route to a host", "network", ("sync", "relay"), ("search", "mail"), 14, (_H.ALERT,)),
    ("a setting is missing", "config", ("checkout", "payments"), ("search", "mail"), 25, (_H.STEADY, _H.WARNING)),
    ("healthy, with a new warning and an old alert", None, ("checkout",), ("search", "mail"), 20, (_H.ALERT, _H.STEADY, _H.WARNING)),
    ("healthy, just after a change", None, ("catalog",), ("search", "mail"), 9, (_H.OLD_DEPLOY, _H.OTHER_DEPLOY)),
)  # fmt: skip
_NAMES = (
    "checkout", "orders", "payments", "catalog", "search", "mailer", "pricing", "ledger", "gateway",
    "sessions", "media", "shipping", "stock", "billing", "profile", "feed", "auth-proxy", "reports",
    "ledger-db", "orders-db", "queue-worker", "image-cache",
)  # fmt: skip
_HEALTHY_SHARE = 0.15
_BLIND_SHARE = 0.2
_NO_METRICS_SHARE = 0.2


def told_incidents() -> tuple[Incident, ...]:
    """The incidents that are written down one by one."""
    return tuple(
        build(
            Plan(
                name=name, chain=chain, bystanders=bystanders, cause=cause, now=_NOW,
                began_min=began_min, herrings=herrings, seed=seed,
            )
        )
        for seed, (name, cause, chain, bystanders, began_min, herrings) in enumerate(_TOLD)
    )  # fmt: skip


def held_back_incidents(n: int, seed: int) -> tuple[Incident, ...]:
    """Incidents that chance makes, in wordings that no told one uses.

    Args:
        seed: The same seed makes the same incidents.
    """
    return tuple(build(_drawn(seed * 10_000 + position)) for position in range(n))


def _drawn(seed: int) -> Plan:
    chance = random.Random(seed)  # noqa: S311 - no secret
    names = chance.sample(_NAMES, 5)
    cause = None if chance.random() < _HEALTHY_SHARE else chance.choice(sorted(faults()))
    fault = faults()[cause] if cause is not None else None
    least = 2 if fault is not None and fault.at == "caller" else 1
    most = 1 if fault is not None and fault.at == "metrics" else 3
    depth = chance.randint(least, most)
    herrings = tuple(chance.sample(list(Herring), chance.randint(0, 3)))
    return Plan(
        name=f"held back {seed}: {cause or 'healthy'}",
        chain=tuple(names[:depth]),
        bystanders=tuple(names[depth:]),
        cause=cause,
        now=_NOW,
        began_min=chance.uniform(7, 45),
        herrings=herrings,
        wordings="held_back",
        seed=seed,
        is_blind=depth > 1 and chance.random() < _BLIND_SHARE,
        has_metrics=most == 1 or chance.random() >= _NO_METRICS_SHARE,
    )

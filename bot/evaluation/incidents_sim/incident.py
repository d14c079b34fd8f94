"""What a simulated incident is made of, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that a service writes for some time.

    Attributes:
        text: With `{n}` for a number and `{id}` for an id, other each time.
        per_minute: How often.
    """

    service: str
    level: str
    text: str
    start: datetime
    end: datetime
    per_minute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A metric that leaves its usual value.

    Attributes:
        query: Name of the golden query.
        usual: Value before.
        value: Value from `at` on.
        ramp: How long it takes to get there.
    """

    service: str
    query: str
    usual: float
    value: float
    at: datetime
    ramp: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringAlert:
    """An alert that fires at the end of the window."""

    name: str
    service: str
    summary: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCommit:
    """A commit."""

    at: datetime
    subject: str
    path: str


@dataclass(frozen=True, slots=True)
class Culprit:
    """A cause at a service; of a herring without a declared cause the id is empty."""

    cause_id: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One simulated system over two hours, the second of which is asked about.

    Attributes:
        asked: The service that the question is about.
        services: All of them, with their logs.
        now: When it is asked; the window ends here.
        truth: What a right answer may name; empty for a healthy system.
        herrings: What looks like a cause and is none.
        hidden: A service whose logs nobody configured.
        has_metrics: Whether there is a Prometheus.
    """

    name: str
    asked: str
    services: tuple[str, ...]
    now: datetime
    messages: tuple[Message, ...] = ()
    bends: tuple[Bend, ...] = ()
    alerts: tuple[FiringAlert, ...] = ()
    commits: tuple[SimulatedCommit, ...] = ()
    truth: tuple[Culprit, ...] = ()
    herrings: tuple[Culprit, ...] = ()
    hidden: str = ""
    has_metrics: bool = True
    usual: Mapping[str, float] = field(default_factory=lambda: dict(USUAL))

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.truth

    @property
    def known(self) -> tuple[str, ...]:
        """The services whose logs can be read."""
        return tuple(name for name in self.services if name != self.hidden)

    @property
    def start(self) -> datetime:
        """The beginning of the window."""
        return self.now - timedelta(hours=1)


USUAL: Mapping[str, float] = {
    "traffic": 40.0,
    "traffic_drop": 40.0,
    "errors": 0.05,
    "latency": 0.12,
    "up": 1.0,
    "cpu": 0.35,
    "memory": 0.55,
    "restarts": 0.0,
    "disk": 0.48,
    "pool": 0.3,
    "descriptors": 0.1,
    "certificate": 2_000_000.0,
}
"""The usual value of each golden query."""

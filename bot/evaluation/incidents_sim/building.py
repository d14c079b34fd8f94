"""Builds simulated incidents from a plan: where the fault is, when it began, what distracts from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from .faults import Fault, Wordings, faults, symptoms
from .incident import USUAL, Bend, Culprit, FiringAlert, Incident, Message, SimulatedCommit


class Herring(StrEnum):
    """What looks like a cause and is none."""

    WARNING = "warning"
    """A service that has nothing to do with it begins to warn."""
    OTHER_DEPLOY = "other deploy"
    """Another service was changed just before."""
    OLD_DEPLOY = "old deploy"
    """The service itself was changed, long before."""
    ALERT = "alert"
    """An alert of the service that has been firing for days."""
    STEADY = "steady"
    """An error of the service at the rate it always has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is simulated.

    Attributes:
        chain: The asked service first, each calling the next; the fault is at the last.
        bystanders: Services that take no part.
        cause: None for a healthy system.
        began_min: How long ago it began, in minutes.
        is_blind: Nobody can read the logs of the service with the fault.
        has_metrics: Whether there is a Prometheus.
    """

    name: str
    chain: tuple[str, ...]
    bystanders: tuple[str, ...]
    cause: str | None
    now: datetime
    began_min: float
    herrings: tuple[Herring, ...] = ()
    wordings: Wordings = "shown"
    seed: int = 0
    is_blind: bool = False
    has_metrics: bool = True


def build(plan: Plan) -> Incident:
    """The incident of a plan; the same plan gives the same incident."""
    return _Building(plan).incident()


class _Building:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)  # noqa: S311 - no secret
        self._began = plan.now - timedelta(minutes=plan.began_min)
        self._fault = faults()[plan.cause] if plan.cause is not None else None

    def incident(self) -> Incident:
        plan = self._plan
        built = Incident(
            name=plan.name,
            asked=plan.chain[0],
            services=(*plan.chain, *plan.bystanders),
            now=plan.now,
            hidden=plan.chain[-1] if plan.is_blind else "",
            has_metrics=plan.has_metrics,
            commits=(self._commit(plan.now - timedelta(days=3), "docs: typo", "README.md"),),
        )
        if self._fault is not None:
            built = self._with_fault(built, self._fault)
        for herring in plan.herrings:
            built = self._with_herring(built, herring)
        return built

    def _with_fault(self, built: Incident, fault: Fault) -> Incident:
        root = self._plan.chain[-1]
        bends = (*self._bends(fault, root), *self._visible_bends())
        commits = built.commits
        if fault.is_change:
            at = self._began - timedelta(seconds=self._chance.uniform(60, 420))
            change = self._commit(at, f"{root}: rework totals", f"services/{root}/totals.py")
            commits = (*commits, change)
        return replace(
            built,
            messages=(*built.messages, *self._fault_messages(fault, root), *self._echoes()),
            bends=(*built.bends, *bends),
            commits=commits,
            truth=self._truth(fault, root),
        )

    def _truth(self, fault: Fault, root: str) -> tuple[Culprit, ...]:
        """Of a service that nobody can look into, it is right that it does not answer."""
        known = (Culprit(fault.cause, root),)
        return (*known, Culprit("dependency", root)) if self._plan.is_blind else known

    def _fault_messages(self, fault: Fault, root: str) -> Iterator[Message]:
        wordings = fault.worded(self._plan.wordings)
        if fault.at == "metrics" or not wordings:
            return
        chain = self._plan.chain
        speaker = chain[-2] if fault.at == "caller" and len(chain) > 1 else root
        text = self._chance.choice(wordings).replace("{peer}", root)
        yield self._message(speaker, fault.level, text, self._began, self._chance.uniform(4, 20))

    def _echoes(self) -> Iterator[Message]:
        """Each caller tells of the next service, some seconds later; the first one fails openly."""
        at = self._began
        callers = list(zip(self._plan.chain, self._plan.chain[1:], strict=False))
        for caller, peer in reversed(callers):
            at += timedelta(seconds=self._chance.uniform(4, 25))
            text = self._worded("dependency").replace("{peer}", peer)
            yield self._message(caller, "ERROR", text, at, self._chance.uniform(6, 25))
        at += timedelta(seconds=self._chance.uniform(1, 12))
        rate = self._chance.uniform(5, 15)
        yield self._message(self._plan.chain[0], "ERROR", self._worded("own"), at, rate)

    def _visible_bends(self) -> Iterator[Bend]:
        at = self._began + timedelta(seconds=self._chance.uniform(20, 70))
        asked = self._plan.chain[0]
        for query, value in (("errors", 4.0), ("latency", 1.9)):
            yield Bend(service=asked, query=query, usual=USUAL[query], value=value, at=at)

    def _bends(self, fault: Fault, root: str) -> Iterator[Bend]:
        for each in fault.bends:
            ramp = timedelta(minutes=each.ramp_min)
            usual = USUAL[each.query] if each.usual is None else each.usual
            yield Bend(
                service=root, query=each.query, usual=usual, value=each.value,
                at=self._began - ramp, ramp=ramp,
            )  # fmt: skip

    def _with_herring(self, built: Incident, herring: Herring) -> Incident:
        plan, asked = self._plan, self._plan.chain[0]
        other = self._chance.choice(plan.bystanders)
        match herring:
            case Herring.WARNING:
                at = self._began - timedelta(minutes=self._chance.uniform(1, 6))
                text, rate = self._worded("warning"), self._chance.uniform(8, 20)
                message = self._message(other, "WARN", text, at, rate)
                messages, culprit = (*built.messages, message), Culprit("", other)
                return replace(built, messages=messages, herrings=(*built.herrings, culprit))
            case Herring.OTHER_DEPLOY:
                at = self._began - timedelta(minutes=self._chance.uniform(1, 5))
                return self._changed(built, at, other)
            case Herring.OLD_DEPLOY:
                at = self._began - timedelta(minutes=self._chance.uniform(38, 44))
                return self._changed(built, at, asked)
            case Herring.ALERT:
                alert = FiringAlert(
                    name=self._worded("alert"), service=asked,
                    summary=f"{asked} is being watched", since=plan.now - timedelta(days=4),
                )  # fmt: skip
                return replace(built, alerts=(*built.alerts, alert))
            case Herring.STEADY:
                begin = plan.now - timedelta(hours=2, minutes=5)
                message = self._message(asked, "ERROR", self._worded("steady"), begin, 3.0)
                return replace(built, messages=(*built.messages, message))

    def _changed(self, built: Incident, at: datetime, service: str) -> Incident:
        commit = self._commit(at, f"{service}: new labels", f"services/{service}/labels.py")
        culprit = Culprit("deploy", service)
        herrings = (*built.herrings, culprit)
        return replace(built, commits=(*built.commits, commit), herrings=herrings)

    def _worded(self, kind: str) -> str:
        return self._chance.choice(symptoms()[kind].worded(self._plan.wordings))

    def _message(
        self, service: str, level: str, text: str, start: datetime, per_minute: float
    ) -> Message:
        return Message(
            service=service, level=level, text=text, start=start, end=self._plan.now,
            per_minute=per_minute,
        )  # fmt: skip

    def _commit(self, at: datetime, subject: str, path: str) -> SimulatedCommit:
        return SimulatedCommit(at=at, subject=subject, path=path)

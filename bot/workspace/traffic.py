"""What went over the wire: the call log and the delivery log, shown by the page's inspector."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .changes import Changes
from .json_values import JsonObject

_KEPT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One Web API call; the token is not part of it.

    Attributes:
        at: Seconds since the epoch.
        elapsed_ms: Time the server took.
    """

    number: int
    method: str
    arguments: JsonObject
    response: JsonObject
    status: int
    at: float
    elapsed_ms: float


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One attempt to hand an envelope to the bot.

    Attributes:
        attempt: 0 for the first, then 1, 2, ...
        acknowledged_ms: Time until the ack; None while it is missing.
        failure: Why it failed; None while it did not.
    """

    number: int
    envelope_id: str
    kind: str
    payload: JsonObject
    at: float
    attempt: int = 0
    acknowledged_ms: float | None = None
    ack_payload: JsonObject | None = None
    failure: str | None = None


@dataclass(slots=True)
class Traffic:
    """The last calls and deliveries, oldest first."""

    changes: Changes
    calls: deque[ApiCall] = field(default_factory=lambda: deque[ApiCall](maxlen=_KEPT))
    deliveries: deque[Delivery] = field(default_factory=lambda: deque[Delivery](maxlen=_KEPT))
    _count: int = 0

    def next_number(self) -> int:
        """Numbers calls and deliveries in one sequence."""
        self._count += 1
        return self._count

    def add_call(self, call: ApiCall) -> None:
        """Remember a call and show it."""
        self.calls.append(call)
        self.changes.announce("traffic", entry=call_entry(call))

    def add_delivery(self, delivery: Delivery) -> None:
        """Remember a delivery and show it."""
        self.deliveries.append(delivery)
        self.show(delivery)

    def show(self, delivery: Delivery) -> None:
        """Show a delivery that changed."""
        self.changes.announce("traffic", entry=delivery_entry(delivery))

    def calls_of(self, method: str) -> list[ApiCall]:
        """Calls of one method, oldest first."""
        return [call for call in self.calls if call.method == method]

    def entries(self) -> list[JsonObject]:
        """Everything kept, in order of happening."""
        found = [call_entry(call) for call in self.calls]
        found += [delivery_entry(delivery) for delivery in self.deliveries]
        return sorted(found, key=lambda entry: entry["number"])


def call_entry(call: ApiCall) -> JsonObject:
    """A call as the inspector shows it."""
    return {
        "number": call.number,
        "direction": "in",
        "name": call.method,
        "at": call.at,
        "ms": round(call.elapsed_ms, 1),
        "ok": bool(call.response.get("ok")),
        "note": call.response.get("error", ""),
        "request": call.arguments,
        "response": call.response,
    }


def delivery_entry(delivery: Delivery) -> JsonObject:
    """A delivery as the inspector shows it."""
    inner = delivery.payload.get("event", delivery.payload)
    name = inner.get("subtype") or inner.get("type") or inner.get("command") or delivery.kind
    retry = f"retry {delivery.attempt}" if delivery.attempt else ""
    return {
        "number": delivery.number,
        "direction": "out",
        "name": name,
        "at": delivery.at,
        "ms": delivery.acknowledged_ms,
        "ok": delivery.failure is None,
        "note": delivery.failure or retry,
        "request": delivery.payload,
        "response": delivery.ack_payload,
    }

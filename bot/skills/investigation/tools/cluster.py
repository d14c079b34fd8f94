"""Events of Kubernetes about a service's pods and deployment: rollouts, kills, failed probes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ValidationError

from ...logs.sources import LogSourceError
from ...logs.sources.kubectl import Kubectl
from ...logs.sources.limits import Limits, stopped_after
from ...logs.sources.process import Notes, output_lines
from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..errors import LookFailedError
from ..signals import signal_in
from .base import Asked
from .quoting import one_line

_EVENT_WEIGHT = 2.0
_ROLLOUT_WEIGHT = 2.0
_LIMIT_S = 20.0
_MAX_BYTES = 8 * 1024 * 1024
_MAX_SHOWN = 5
_LEAD = timedelta(minutes=45)


class _Object(BaseModel):
    kind: str = ""
    name: str = ""


class _Series(BaseModel):
    count: int = 1


class _Event(BaseModel):
    involvedObject: _Object = _Object()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int | None = None
    series: _Series | None = None
    firstTimestamp: datetime | None = None
    eventTime: datetime | None = None
    lastTimestamp: datetime | None = None

    @property
    def first_at(self) -> datetime | None:
        """When it was first seen, or None."""
        return self.firstTimestamp or self.eventTime or self.lastTimestamp

    @property
    def n(self) -> int:
        """How often."""
        return self.count or (self.series.count if self.series else 1)


class _Events(BaseModel):
    items: list[_Event] = []


class ClusterTool:
    """Events of the namespaces that services' logs come from.

    Args:
        places: Service -> where kubectl finds its pods.
    """

    tool = Tool.CLUSTER

    def __init__(self, places: Mapping[str, Kubectl]) -> None:
        self._places = places

    def can_look_at(self, service: str) -> bool:
        """Whether its logs come from a cluster."""
        return service in self._places

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`."""
        place = self._places[service]
        limits = Limits(silence_s=_LIMIT_S, total_s=_LIMIT_S)
        with stopped_after(limits):
            body = await asyncio.to_thread(_events_json, place, limits)
        try:
            events = _Events.model_validate_json(body).items
        except ValidationError as exc:
            raise LookFailedError("kubectl did not answer with events") from exc
        about = [each for each in events if _is_about(each, place, service)]
        recent = [each for each in about if _is_recent(each, case)]
        recent.sort(key=lambda each: each.first_at or datetime.min.replace(tzinfo=UTC))
        told = [clue for each in recent if (clue := _clue(each, service, case)) is not None]
        note = f"{len(events)} events, {len(recent)} about {service} in this time"
        return Look(tool=Tool.CLUSTER, service=service, clues=tuple(told[:_MAX_SHOWN]), note=note)


def _events_json(place: Kubectl, limits: Limits) -> bytes:
    where = (f"--namespace={place.namespace}",) if place.namespace else ()
    context = (f"--context={place.context}",) if place.context else ()
    argv = (place.program, *context, *where, "get", "events", "--output=json")
    notes = Notes()
    pieces: list[bytes] = []
    size = 0
    try:
        for line in output_lines(argv, notes, limits):
            size += len(line)
            if size > _MAX_BYTES:
                raise LookFailedError(f"kubectl answered with more than {_MAX_BYTES:,} bytes")
            pieces.append(line)
    except LogSourceError as exc:
        raise LookFailedError(str(exc)) from exc
    if notes.exit_status:
        raise LookFailedError(notes.lines[-1] if notes.lines else "kubectl failed")
    return b"\n".join(pieces)


def _names(place: Kubectl, service: str) -> Sequence[str]:
    target = place.target.rpartition("=" if "=" in place.target else "/")[2]
    return tuple(dict.fromkeys((service, target)))


def _is_about(event: _Event, place: Kubectl, service: str) -> bool:
    name = event.involvedObject.name
    return any(name == each or name.startswith(f"{each}-") for each in _names(place, service))


def _is_recent(event: _Event, case: CaseFile) -> bool:
    at = event.lastTimestamp or event.first_at
    return at is not None and case.window.start - _LEAD <= at < case.window.end


def _clue(event: _Event, service: str, case: CaseFile) -> Clue | None:
    is_rollout = event.reason == "ScalingReplicaSet" and "scaled up" in event.message.lower()
    if event.type != "Warning" and not is_rollout:
        return None
    found = signal_in(f"{event.reason} {event.message}")
    signal = "deploy" if is_rollout else (found.signal_id if found else "")
    at = event.first_at
    began = at is not None and at >= case.window.start - _LEAD
    clock = f"{at.astimezone(case.window.start.tzinfo):%H:%M:%S} " if at is not None else ""
    weight = _ROLLOUT_WEIGHT if is_rollout else _EVENT_WEIGHT
    said = one_line(f"{event.reason}: {event.message}")
    return Clue(
        tool=Tool.CLUSTER,
        service=service,
        stance=Stance.BEGAN if began else Stance.USUAL,
        signal=signal,
        weight=weight if began and signal else 0.0,
        text=f"{clock}{event.n}× {one_line(event.involvedObject.name)} `{said}`",
        quote=one_line(f"{event.reason} {event.message}", 400),
        at=at,
        is_symptom=began and not is_rollout and bool(signal),
    )

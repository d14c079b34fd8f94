"""Which alerts speak of a service: those that began in the window, and those that always fire."""

from __future__ import annotations

import re
from datetime import timedelta

from ..case_file import CaseFile
from ..clues import Clue, Look, Stance, Tool
from ..prometheus import Alert, Prometheus
from ..signals import services_in, signal_in
from .base import Asked
from .quoting import one_line

_ALERT_WEIGHT = 1.5
_MAX_ALERTS = 6
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EARLY = timedelta(minutes=5)


class AlertsTool:
    """The alerts of a Prometheus."""

    tool = Tool.ALERTS

    def __init__(self, server: Prometheus) -> None:
        self._server = server

    def can_look_at(self, service: str) -> bool:
        """Alerts are asked for all at once."""
        return bool(service)

    async def look(self, service: str, case: CaseFile, asked: Asked) -> Look:
        """See `LookTool.look`."""
        alerts = await self._server.alerts()
        about = [each for each in alerts if _is_about(each, service)]
        firing = [each for each in about if each.state == "firing"]
        clues = tuple(_clue(each, service, case) for each in firing[:_MAX_ALERTS])
        note = f"{len(alerts)} alerts, {len(firing)} firing about {service}"
        return Look(tool=Tool.ALERTS, service=service, clues=clues, note=note)


def _is_about(alert: Alert, service: str) -> bool:
    name = service.lower()
    values = {value.lower() for label, value in alert.labels.items() if label != "alertname"}
    return name in values or any(value.startswith((f"{name}-", f"{name}:")) for value in values)


def _clue(alert: Alert, service: str, case: CaseFile) -> Clue:
    words = f"{_HUMP.sub(' ', alert.name)} {alert.summary}"
    signal = signal_in(words)
    at = alert.active_at
    began = at is None or at >= case.window.start - _EARLY
    since = f" since {at.astimezone(case.window.start.tzinfo):%d %b %H:%M}" if at else ""
    summary = f": `{one_line(alert.summary)}`" if alert.summary else ""
    return Clue(
        tool=Tool.ALERTS,
        service=service,
        stance=Stance.BEGAN if began else Stance.USUAL,
        signal=signal.signal_id if signal else "",
        weight=_ALERT_WEIGHT if signal and began else 0.0,
        text=f"{one_line(alert.name)} fires{since}{summary}",
        quote=one_line(f"{alert.name} {alert.summary}", 400),
        at=at,
        names=services_in(alert.summary, case.known, service) if signal else (),
        is_symptom=began,
    )

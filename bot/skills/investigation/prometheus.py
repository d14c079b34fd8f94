"""Asks a Prometheus over its HTTP API: ranges and alerts, within a time and a size."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from ...settings import is_loopback
from .errors import LookFailedError

_MAX_REASON = 200
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusPlace:
    """Where it is and how long it may take.

    Attributes:
        headers: Sent with each request; they may hold secrets.
        timeout_s: For one request as a whole, in seconds.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    timeout_s: float = 10.0
    max_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as the server tells it.

    Attributes:
        active_at: Aware; when its condition began to hold, or None.
    """

    name: str
    state: str
    labels: Mapping[str, str]
    summary: str
    active_at: datetime | None


class _Series(BaseModel):
    values: list[tuple[float, str]] = []


class _RangeData(BaseModel):
    resultType: str
    result: list[_Series]


class _RangeAnswer(BaseModel):
    data: _RangeData


class _AlertRecord(BaseModel):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    state: str = ""
    activeAt: datetime | None = None


class _AlertsData(BaseModel):
    alerts: list[_AlertRecord]


class _AlertsAnswer(BaseModel):
    data: _AlertsData


class Prometheus:
    """One server. Its coroutines raise `LookFailedError` when it does not answer as it should."""

    def __init__(self, place: PrometheusPlace) -> None:
        self._place = place

    async def points(
        self, query: str, start: float, end: float, step_s: float
    ) -> tuple[tuple[float, float], ...]:
        """The values of a query that gives one series; none when there is no such metric.

        Args:
            start: Seconds since the epoch; as `end`.
            step_s: Seconds between two points.

        Raises:
            LookFailedError: There is no answer, or the query gives several series.
        """
        params = {
            "query": query,
            "start": f"{start:.3f}",
            "end": f"{end:.3f}",
            "step": f"{step_s:g}",
            "timeout": f"{self._place.timeout_s:g}s",
        }
        body = await self._get("api/v1/query_range", params)
        answer = _parsed(_RangeAnswer, body)
        if answer.data.resultType != "matrix" or len(answer.data.result) > 1:
            raise LookFailedError(f"the query gives more than one series: {query[:_MAX_REASON]}")
        values = answer.data.result[0].values if answer.data.result else []
        numbers = ((at, _number(text)) for at, text in values)
        return tuple((at, value) for at, value in numbers if math.isfinite(value))

    async def alerts(self) -> tuple[Alert, ...]:
        """All alerts that are pending or firing.

        Raises:
            LookFailedError: There is no answer.
        """
        answer = _parsed(_AlertsAnswer, await self._get("api/v1/alerts", {}))
        return tuple(_alert(each) for each in answer.data.alerts)

    async def _get(self, path: str, params: Mapping[str, str]) -> bytes:
        place = self._place
        base = place.url.rstrip("/") + "/"
        try:
            async with (
                httpx.AsyncClient(
                    headers=dict(place.headers),
                    timeout=place.timeout_s,
                    trust_env=not is_loopback(place.url),
                ) as client,
                client.stream("GET", base + path, params=dict(params)) as response,
            ):
                body = await _bounded(response, place.max_bytes)
        except httpx.TimeoutException as exc:
            raise LookFailedError(
                f"Prometheus did not answer within {place.timeout_s:g} s"
            ) from exc
        except httpx.HTTPError as exc:
            raise LookFailedError(
                f"Prometheus cannot be reached: {exc or type(exc).__name__}"
            ) from exc
        if not response.is_success:
            raise LookFailedError(f"Prometheus answered {response.status_code}: {_said(body)}")
        return body


async def _bounded(response: httpx.Response, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > max_bytes:
            raise LookFailedError(f"Prometheus answered with more than {max_bytes:,} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _parsed(model: type[_M], body: bytes) -> _M:
    try:
        return model.model_validate_json(body)
    except ValidationError as exc:
        raise LookFailedError("the answer is not that of Prometheus") from exc


def _said(body: bytes) -> str:
    try:
        found: object = json.loads(body)
    except ValueError:
        found = None
    text = body.decode("utf-8", "replace")
    if isinstance(found, dict):
        text = str(found.get("error", text))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return " ".join(text.split())[:_MAX_REASON]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _alert(record: _AlertRecord) -> Alert:
    notes = record.annotations
    at = record.activeAt
    return Alert(
        name=record.labels.get("alertname", ""),
        state=record.state,
        labels=record.labels,
        summary=notes.get("summary") or notes.get("description") or "",
        active_at=at if at is not None and at.tzinfo is not None else None,
    )

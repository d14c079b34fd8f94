"""Where the programs and servers behind sources are."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

from ....settings import LogSettings
from .connection import Endpoint
from .limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What sources of the same kind share.

    Attributes:
        loki, elastic: None when there is no such server.
        elastic_time_field: The field with each document's time.
        journal_directory: None for this machine's own journal.
        kubectl_context: Empty for the current one.
    """

    loki: Endpoint | None = None
    elastic: Endpoint | None = None
    elastic_time_field: str = "@timestamp"
    journal_directory: Path | None = None
    kubectl_context: str = ""
    limits: Limits = field(default_factory=Limits)


def places_of(settings: LogSettings) -> Places:
    """The places that the settings name, with a stop signal of their own."""
    return Places(
        loki=_loki(settings),
        elastic=_elastic(settings),
        elastic_time_field=settings.elastic_time_field,
        journal_directory=settings.journal_directory,
        kubectl_context=settings.kubectl_context,
        limits=Limits(total_s=settings.source_limit_s),
    )


def _loki(settings: LogSettings) -> Endpoint | None:
    if not settings.loki_url:
        return None
    headers: dict[str, str] = {}
    if settings.loki_tenant:
        headers["X-Scope-OrgID"] = settings.loki_tenant
    if token := settings.loki_token.get_secret_value():
        headers["Authorization"] = f"Bearer {token}"
    return Endpoint(url=settings.loki_url, headers=headers)


def _elastic(settings: LogSettings) -> Endpoint | None:
    if not settings.elastic_url:
        return None
    headers: dict[str, str] = {}
    if key := settings.elastic_api_key.get_secret_value():
        headers["Authorization"] = f"ApiKey {key}"
    elif settings.elastic_user:
        password = settings.elastic_password.get_secret_value()
        pair = base64.b64encode(f"{settings.elastic_user}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return Endpoint(url=settings.elastic_url, headers=headers)

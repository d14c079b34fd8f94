"""What every handler needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry

from ..service import InferenceService


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContext:
    """One server's parts.

    Attributes:
        registry: What `/metrics` shows.
        step_seconds: How long the engine's step in progress has taken; 0 between steps.
        started_at: When it was built, in seconds since 1970.
    """

    service: InferenceService
    registry: CollectorRegistry
    step_seconds: Callable[[], float]
    started_at: int = field(default_factory=lambda: int(time.time()))


CONTEXT = web.AppKey("context", ServerContext)

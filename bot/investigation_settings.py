"""Settings: where metrics and changes are, and how long an investigation may look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Count = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MetricsSettings(_Section):
    """A Prometheus to ask."""

    prometheus_url: str = Field(
        default="",
        pattern="^(https?://.*)?$",
        description="base URL of Prometheus, for example http://prometheus:9090; default: none",
    )
    prometheus_token: SecretStr = Field(
        default=SecretStr(""), description="bearer token of Prometheus"
    )
    timeout_s: float = Field(
        default=10.0, gt=0, description="longest time for one answer, in seconds"
    )
    max_response_bytes: _Count = Field(
        default=4 * 1024 * 1024, description="longest answer that is read, in bytes"
    )
    queries: Mapping[_Name, str] = Field(
        default_factory=dict[str, str],
        description="golden signal -> PromQL instead of the builtin query, with $service and "
        "$window; an empty one leaves it out",
    )
    service_queries: Mapping[_Name, Mapping[_Name, str]] = Field(
        default_factory=dict[str, Mapping[str, str]],
        description="service -> golden signal -> PromQL, before the former",
    )


class ChangesSettings(_Section):
    """Where changes are recorded."""

    git: tuple[Path, ...] = Field(
        default=(), description="folders of local git clones whose commits are looked at"
    )


class InvestigationSettings(_Section):
    """How an investigation goes."""

    driver: Literal["auto", "playbook", "agent"] = Field(
        default="auto",
        description="who chooses where to look: the declared playbook, the model, or the model if "
        "it was measured to handle tools",
    )
    window_s: _Count = Field(
        default=3600, description="how far back it looks by default, in seconds"
    )
    max_steps: _Count = Field(default=24, description="most looks")
    max_tokens: _Count = Field(
        default=12_000, description="most tokens of prompts and answers together"
    )
    max_seconds: float = Field(default=120.0, gt=0, description="longest time, in seconds")

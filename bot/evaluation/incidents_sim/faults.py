"""What causes look like from outside, as declared beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

Wordings: TypeAlias = Literal["shown", "held_back"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    shown: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()

    def worded(self, which: Wordings) -> tuple[str, ...]:
        """The wordings of one set."""
        return self.shown if which == "shown" else self.held_back


class MetricChange(BaseModel):
    """How a fault bends a metric; without a usual value it is everybody's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str
    value: float
    usual: float | None = None
    ramp_min: float = 0.0


class Fault(_Record):
    """One cause as it looks."""

    cause: str
    at: Literal["itself", "caller", "metrics"] = "itself"
    level: str = "ERROR"
    is_change: bool = False
    bends: tuple[MetricChange, ...] = ()


class Symptom(_Record):
    """How trouble or noise is worded."""

    kind: str


@cache
def faults() -> Mapping[str, Fault]:
    """All faults by their cause."""
    found = TypeAdapter(list[Fault]).validate_python(_loaded("faults.yaml"))
    return {each.cause: each for each in found}


@cache
def symptoms() -> Mapping[str, Symptom]:
    """All symptoms by their kind."""
    found = TypeAdapter(list[Symptom]).validate_python(_loaded("symptoms.yaml"))
    return {each.kind: each for each in found}


def _loaded(name: str) -> object:
    return yaml.safe_load((files(__package__ or "") / name).read_text("utf-8"))

"""A runbook as the rest of the package sees it: immutable, already validated.

`loader.py` makes these from YAML; nothing else does. Text fields may hold `{{ name }}` (a declared
parameter) or `{{ vars.name }}` (a value set by the operator); they are replaced one argument at a
time when a proposal is made, so that a value can never become two arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

ParameterValue: TypeAlias = str | int | float | bool


class Risk(StrEnum):
    """How much a step can hurt; ordered by `RISK_ORDER`."""

    READ_ONLY = "read_only"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


RISK_ORDER: tuple[Risk, ...] = (Risk.READ_ONLY, Risk.LOW, Risk.MEDIUM, Risk.HIGH)


class ParameterType(StrEnum):
    """The types a parameter can have."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a request fills in.

    Attributes:
        default: None means that the request must give it.
        pattern: A regular expression the whole value must match (strings only).
        unit: For people, for example "s" or "MiB".
    """

    name: str
    type: ParameterType
    description: str
    default: ParameterValue | None = None
    choices: tuple[ParameterValue, ...] = ()
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAction:
    """Run one program without a shell. `argv[0]` is resolved to an absolute path at proposal time."""

    argv: tuple[str, ...]
    timeout_s: float = 60.0
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAction:
    """Ask one URL and compare the status."""

    url: str
    method: str = "GET"
    expect_status: int = 200
    timeout_s: float = 10.0


Action: TypeAlias = CommandAction | HttpAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """A read-only check that must hold within `within_s` seconds after the step."""

    action: Action
    within_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of a runbook, with what surrounds it.

    Attributes:
        preview: A read-only action whose output is shown on the card before anyone approves.
        rollback: What would undo the step; itself only ever a proposal.
    """

    step_id: str
    title: str
    risk: Risk
    action: Action
    preview: Action | None = None
    verify: Verify | None = None
    rollback: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A declared procedure.

    Attributes:
        name: Lower-case words joined by "-", unique in a catalogue.
        symptoms: Phrases and log fragments that this runbook answers.
        alerts: Alert names that this runbook answers.
        source: The YAML file.
        digest: SHA-256 (hex) of the file's bytes; bound into every proposal.
    """

    name: str
    title: str
    version: int
    summary: str
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...] = ()
    services: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    source: Path
    digest: str

    @property
    def risk(self) -> Risk:
        """The highest risk of any step."""
        return max((step.risk for step in self.steps), key=RISK_ORDER.index)

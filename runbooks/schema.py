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

from .actions.kinds import Action, ParameterValue


class Risk(StrEnum):
    """How much a step can hurt; ordered by `RISK_ORDER`."""

    READ_ONLY = "read_only"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


MARKDOWN = ".md"
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
class Expect:
    """What the output of an action must be like.

    Attributes:
        output: A regular expression that must be found in it; multi-line.
        absent: A regular expression that must not be found in it; multi-line.
        minimum: The first number in the output must be at least this.
        maximum: The first number in the output must be at most this.
    """

    output: str | None = None
    absent: str | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """A read-only check that must hold within `within_s` seconds after the step."""

    action: Action
    within_s: float = 30.0
    expect: Expect | None = None


class Outcome(StrEnum):
    """How an earlier step ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A step runs only if an earlier one ended so; else it is skipped.

    Attributes:
        step_id: An earlier step. Of a step over several items all must have ended so.
        expect: What its output must be like too.
    """

    step_id: str
    outcome: Outcome = Outcome.SUCCEEDED
    expect: Expect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often an action that failed is tried again: at most `times` more, `delay_s` apart."""

    times: int
    delay_s: float = 5.0


MAX_ITEMS = 50
"""Most items that a step may run over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Run a step once for each item, with `{{ item }}` in its texts.

    Attributes:
        over: Items; a text that is one placeholder may bring several, separated by commas.
        concurrency: How many run at once, >= 1.
        stop_on_failure: After a failure no further item is begun.
    """

    over: tuple[str, ...]
    concurrency: int = 1
    stop_on_failure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of a runbook, with what surrounds it.

    Attributes:
        preview: A read-only action whose output is shown on the card before anyone approves.
        rollback: What would undo the step; itself only ever a proposal.
        continue_on_failure: Whether later steps run although this one failed.
    """

    step_id: str
    title: str
    risk: Risk
    action: Action
    preview: Action | None = None
    verify: Verify | None = None
    rollback: Action | None = None
    retry: Retry | None = None
    when: Condition | None = None
    matrix: Matrix | None = None
    continue_on_failure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A declared procedure.

    Attributes:
        name: Lower-case words joined by "-", unique in a catalogue.
        symptoms: Phrases and log fragments that this runbook answers.
        alerts: Alert names that this runbook answers.
        synonyms: A word of the symptoms or the title -> what people say instead of it.
        source: The file; one that ends in `MARKDOWN` is prose with commands.
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
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    source: Path
    digest: str

    @property
    def risk(self) -> Risk:
        """The highest risk of any step.

        Nobody declared the risks of prose, so they are never so low that a rule could let it run
        without a person.
        """
        least = Risk.LOW if self.source.suffix == MARKDOWN else Risk.READ_ONLY
        return max((least, *(step.risk for step in self.steps)), key=RISK_ORDER.index)

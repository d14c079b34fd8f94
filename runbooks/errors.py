"""Everything that `runbooks` raises.

RunbookError
├── RunbookFileError        a YAML file is not a runbook (every fault, with its line)
├── UnknownRunbookError     no runbook of that name
├── ParameterError          a parameter is missing or has a wrong value
├── VariableError           the operator has not set a `{{ vars.name }}`
├── RedactionError          secrets could not be removed: withhold the text
├── ToolDataError           the descriptions of command line tools cannot be read
├── ProposalError           a proposal cannot be made, found or changed
├── ApprovalError           a decision on a proposal is refused
│   └── DirectoryError      an account cannot be looked up, so it decides nothing
├── ExecutionError          a step cannot be started or followed
├── PolicyError             the policy cannot be read or forbids
└── AuditError              the audit trail cannot be written or does not hold together
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class RunbookError(Exception):
    """Base of this package's errors; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in one file.

    Attributes:
        line: Counted from 1.
    """

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class RunbookFileError(RunbookError):
    """A file is not a runbook.

    Attributes:
        faults: Everything found wrong in it, in line order, at least one.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class UnknownRunbookError(RunbookError):
    """No runbook has this name.

    Attributes:
        near: Names that look alike, best first.
    """

    def __init__(self, name: str, near: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {', '.join(near)}?" if near else "; see the list of runbooks"
        super().__init__(f"there is no runbook {name!r}{hint}")
        self.name = name
        self.near = near


class ParameterError(RunbookError):
    """A parameter is missing or wrong.

    Attributes:
        name: The parameter, as declared (or as given, when it is not declared).
        reason: What is wrong with it, without its name.
        missing: Whether asking for a value would help.
    """

    def __init__(self, name: str, reason: str, *, missing: bool = False) -> None:
        super().__init__(f"parameter {name!r}: {reason}")
        self.name = name
        self.reason = reason
        self.missing = missing


class VariableError(RunbookError):
    """A runbook refers to a variable that the operator has not set."""

    def __init__(self, name: str, reason: str = "is not set in the settings") -> None:
        super().__init__(f"variable {name!r} {reason}")
        self.name = name
        self.reason = reason


class RedactionError(RunbookError):
    """Secrets could not be removed from a text, so the text must be withheld."""


class ToolDataError(RunbookError):
    """The data that describes command line tools is unreadable or inconsistent."""


class ProposalError(RunbookError):
    """A proposal cannot be made, found or changed."""


class ApprovalError(RunbookError):
    """A decision on a proposal is refused."""


class DirectoryError(ApprovalError):
    """An account cannot be looked up, so it decides nothing."""


class ExecutionError(RunbookError):
    """A step cannot be started or followed to its end."""


class PolicyError(RunbookError):
    """The policy cannot be read, or it forbids what was asked."""


class AuditError(RunbookError):
    """The audit trail cannot be written, or does not hold together."""

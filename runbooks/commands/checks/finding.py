"""What one look at a command found."""

from __future__ import annotations

from dataclasses import dataclass

from ..spec import CommandClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A class and its reason, one sentence."""

    command_class: CommandClass
    reason: str


def forbidden(reason: str) -> Finding:
    """Never run."""
    return Finding(command_class=CommandClass.FORBIDDEN, reason=reason)


def change(reason: str) -> Finding:
    """Runs only when approved."""
    return Finding(command_class=CommandClass.CHANGE, reason=reason)


def worst(findings: list[Finding]) -> Finding | None:
    """The most severe of several, or None of none."""
    return max(findings, key=lambda finding: finding.command_class.severity, default=None)

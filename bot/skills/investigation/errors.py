"""What can go wrong in an investigation.

InvestigationError
├── LookFailedError    a tool could not look; the message says why
├── BudgetSpentError   no step, token or second is left
└── DeclarationError   a declared signal, cause, query or rule is not what it should be
"""

from __future__ import annotations


class InvestigationError(Exception):
    """Anything below; the message is one sentence without a full stop."""


class LookFailedError(InvestigationError):
    """A tool could not look."""


class BudgetSpentError(InvestigationError):
    """No step, token or second is left."""


class DeclarationError(InvestigationError):
    """A declared signal, cause, query or rule is not what it should be."""

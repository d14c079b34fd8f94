"""What a policy consists of: roles, rules, solo mode, break-glass, and what they come to; plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from .errors import PolicyError
from .freeze import Freeze, matches
from .schema import Risk

Account: TypeAlias = tuple[str, str]
"""Team and user id; the team "local" is this machine."""

ALL_RISKS = frozenset(Risk)
MAX_TTL_S = 86_400.0
MAX_SOLO = timedelta(days=14)
MAX_BREAK_GLASS_S = 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who belongs together.

    Attributes:
        groups: (team id, user group id); their members are looked up when somebody decides.
    """

    accounts: frozenset[Account] = frozenset()
    groups: frozenset[Account] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who approves some risks in some environments.

    Attributes:
        roles: Any member of any of them may approve.
        environments: Names or patterns such as "dev-*".
        n_approvals: Distinct people needed, >= 1.
        ttl_s: A proposal expires after, in seconds.
        self_approval: Whether the requester may be one of them.
    """

    roles: tuple[str, ...]
    risks: frozenset[Risk] = ALL_RISKS
    environments: tuple[str, ...] = ("*",)
    n_approvals: int = 1
    ttl_s: float = 900.0
    self_approval: bool = False

    def __post_init__(self) -> None:
        if self.n_approvals < 1:
            raise PolicyError("a rule needs at least one approval")
        if not 0 < self.ttl_s <= MAX_TTL_S:
            raise PolicyError("the time to approve must be more than 0 seconds and at most a day")

    def fits(self, risk: Risk, environment: str) -> bool:
        """Whether it is about this risk in this environment."""
        return risk in self.risks and matches(self.environments, environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solo:
    """For a limited time, members of some roles may approve what they asked for themselves."""

    roles: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    reason: str

    def __post_init__(self) -> None:
        if not timedelta(0) < self.end_at - self.start_at <= MAX_SOLO:
            raise PolicyError(
                f"solo mode must last more than nothing and at most {MAX_SOLO.days} days"
            )

    def holds(self, now: datetime) -> bool:
        """Whether it is on at an aware moment."""
        return self.start_at <= now < self.end_at


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """Who may set rules and freezes aside in an emergency: two of them, for a limited time.

    Attributes:
        roles: Their members open it, two together, and approve while it is open.
        ttl_s: How long it stays open, in seconds.
        n_approvals: Distinct people needed while it is open, >= 1.
    """

    roles: tuple[str, ...]
    environments: tuple[str, ...] = ("*",)
    ttl_s: float = 1800.0
    n_approvals: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.ttl_s <= MAX_BREAK_GLASS_S:
            raise PolicyError("break-glass must be open for more than 0 and at most 240 minutes")
        if self.n_approvals < 1:
            raise PolicyError("break-glass needs at least one approval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An opened break-glass, as the audit trail tells it.

    Attributes:
        openers: The two who opened it.
        until: Aware UTC; from then on it is closed.
    """

    environment: str
    openers: frozenset[Account]
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a policy comes to for one risk in one environment at one moment.

    Attributes:
        accounts: Who may approve.
        roles: The roles they come from; empty where a plain list names them.
        may_approve_own: Who of them may approve what they asked for.
        freeze: What stops changes now, if anything.
        override: Whose approvals count in spite of the freeze.
        grant: The opened break-glass that set rules and freezes aside, if any.
        nobody: Why nobody may approve; empty when somebody may.
    """

    accounts: frozenset[Account]
    roles: tuple[str, ...] = ()
    n_approvals: int = 1
    ttl_s: float = 900.0
    may_approve_own: frozenset[Account] = frozenset()
    freeze: Freeze | None = None
    override: frozenset[Account] = frozenset()
    grant: Grant | None = None
    nobody: str = ""

"""The rules about approvals, and what they come to at a moment; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from .errors import PolicyError
from .freeze import Freeze, matches
from .proposal import ActorRef
from .rules import Account, BreakGlass, Grant, Role, Rule, Solo, Terms
from .schema import Risk

APPROVERS_SETTING = "runbooks.approvers"
DEFAULT_N_APPROVALS: Mapping[Risk, int] = MappingProxyType(
    {Risk.READ_ONLY: 1, Risk.LOW: 1, Risk.MEDIUM: 1, Risk.HIGH: 2}
)


class AccountKind(StrEnum):
    """What sort of account clicks; anything but MEMBER never approves."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    BOT = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes.

    Attributes:
        at: Aware UTC.
        sha256: Of the proposal as the person saw it.
    """

    actor: ActorRef
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules in force: those of a policy file, or else one list of approvers for everything.

    Attributes:
        approvers: (team id, user id) of everybody who may approve where there are no rules.
        allow_self_approval: Where there are no rules: the requester may approve, when on the list.
        ttl_s: Where there are no rules: a proposal expires after, in seconds.
        n_approvals: Where there are no rules: distinct approvers needed, by risk.
        rules: The first that fits counts; what none fits, nobody may approve.
        people: Account -> the person it belongs to; several accounts of one person count once.
        group_members: Of the roles' user groups, as looked up; a missing one has no members.
        grants: Every break-glass that was opened and is not over.
        source: The file; empty without one.
        digest: SHA-256 (hex) of the file; empty without one.
        fault: Why a policy file could not be used at all; nobody may approve then.
        notes: What people should know of this policy, one sentence each.

    Raises:
        PolicyError: A number makes no sense, or a role is not defined.
    """

    approvers: frozenset[Account] = frozenset()
    allow_self_approval: bool = False
    ttl_s: float = 900.0
    n_approvals: Mapping[Risk, int] = field(default_factory=lambda: dict(DEFAULT_N_APPROVALS))
    rules: tuple[Rule, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict[str, Role])
    people: Mapping[Account, str] = field(default_factory=dict[Account, str])
    freezes: tuple[Freeze, ...] = ()
    solo: Solo | None = None
    break_glass: BreakGlass | None = None
    group_members: Mapping[Account, frozenset[Account]] = field(
        default_factory=dict[Account, frozenset[Account]]
    )
    grants: tuple[Grant, ...] = ()
    source: str = ""
    digest: str = ""
    fault: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.ttl_s <= 0:
            raise PolicyError("the time to approve must be more than 0 seconds")
        for risk in Risk:
            if self.n_approvals.get(risk, 0) < 1:
                raise PolicyError(f"risk {risk} needs at least one approval")
        for role in self._named_roles():
            if role not in self.roles:
                raise PolicyError(f"there is no role {role!r}")

    def _named_roles(self) -> Iterator[str]:
        for holder in (*self.rules, self.solo, self.break_glass):
            yield from holder.roles if holder is not None else ()
        for freeze in self.freezes:
            yield from freeze.override

    async def in_force(self) -> Policy:
        """Itself: rules that never change are their own `PolicySource`."""
        return self

    def person(self, account: Account) -> str:
        """Who an account belongs to: the same text for all accounts of one person."""
        return self.people.get(account) or ":".join(account)

    def members(self, roles: Iterable[str]) -> frozenset[Account]:
        """Everybody in any of the roles, with every account of theirs."""
        accounts: set[Account] = set()
        for name in roles:
            role = self.roles[name]
            accounts |= role.accounts
            for group in role.groups:
                accounts |= self.group_members.get(group, frozenset())
        return frozenset(accounts)

    def terms(self, risk: Risk, environment: str, now: datetime) -> Terms:
        """What holds for a risk in an environment at an aware moment."""
        if not self.rules:
            return self._plain_terms(risk)
        grant = self.grant_at(environment, now)
        if grant is not None and self.break_glass is not None:
            return self._emergency_terms(self.break_glass, grant, risk, environment)
        freeze, override = self._frozen(risk, environment, now)
        rule = self.rule_for(risk, environment)
        if rule is None:
            nobody = f"no rule of the policy is about {risk_words(risk)} risk in {environment}"
            return Terms(accounts=frozenset(), nobody=nobody, freeze=freeze, override=override)
        accounts = self.members(rule.roles)
        return Terms(
            accounts=accounts,
            roles=rule.roles,
            n_approvals=rule.n_approvals,
            ttl_s=rule.ttl_s,
            may_approve_own=accounts if rule.self_approval else accounts & self._alone(now),
            freeze=freeze,
            override=override,
            nobody="" if accounts else f"nobody is in {' or '.join(rule.roles)}",
        )

    def _frozen(
        self, risk: Risk, environment: str, now: datetime
    ) -> tuple[Freeze | None, frozenset[Account]]:
        """The strictest freeze that holds, and who may override all that hold."""
        holding = [each for each in self.freezes if each.holds(risk, environment, now)]
        if not holding:
            return None, frozenset()
        strictest = min(holding, key=lambda each: len(self.members(each.override)))
        override = self.members(strictest.override)
        for each in holding:
            override &= self.members(each.override)
        return strictest, override

    def rule_for(self, risk: Risk, environment: str) -> Rule | None:
        """The first rule that fits."""
        return next((rule for rule in self.rules if rule.fits(risk, environment)), None)

    def grant_at(self, environment: str, now: datetime) -> Grant | None:
        """The break-glass that is open there, as far as this policy still lets its two openers."""
        glass = self.break_glass
        if glass is None or not matches(glass.environments, environment):
            return None
        may_open = self.members(glass.roles)
        for grant in self.grants:
            people = {self.person(account) for account in grant.openers}
            lasts = grant.environment == environment and now < grant.until
            if lasts and grant.openers <= may_open and len(people) > 1:
                return grant
        return None

    def _alone(self, now: datetime) -> frozenset[Account]:
        if self.solo is None or not self.solo.holds(now):
            return frozenset()
        return self.members(self.solo.roles)

    def _plain_terms(self, risk: Risk) -> Terms:
        nobody = self.fault or f"set {APPROVERS_SETTING}"
        return Terms(
            accounts=self.approvers,
            n_approvals=self.n_approvals[risk],
            ttl_s=self.ttl_s,
            may_approve_own=self.approvers if self.allow_self_approval else frozenset(),
            nobody="" if self.approvers else nobody,
        )

    def _emergency_terms(
        self, glass: BreakGlass, grant: Grant, risk: Risk, environment: str
    ) -> Terms:
        rule = self.rule_for(risk, environment)
        return Terms(
            accounts=self.members(glass.roles),
            roles=glass.roles,
            n_approvals=glass.n_approvals,
            ttl_s=rule.ttl_s if rule is not None else self.ttl_s,
            grant=grant,
        )


class PolicySource(Protocol):
    """Where the rules come from; asked again at every decision."""

    async def in_force(self) -> Policy:
        """The rules as they are now, with the members of their user groups.

        Raises:
            AuditError: The rules changed and that could not be written down.
        """
        ...


def parse_approvers(entries: Iterable[str], *, team_id: str) -> frozenset[tuple[str, str]]:
    """Read the setting `runbooks.approvers`.

    Args:
        entries: "TEAM:USER", for example "local:ada"; or a bare user id of the team `team_id`.
        team_id: The workspace that the bot lives in; empty where there is none, so that bare
            ids match nobody.

    Raises:
        PolicyError: An entry is empty or half empty.
    """
    return frozenset(_parse_approver(entry, team_id) for entry in entries)


def _parse_approver(entry: str, team_id: str) -> tuple[str, str]:
    team, colon, user = entry.strip().rpartition(":")
    if not user or (colon and not team):
        raise PolicyError(f"{APPROVERS_SETTING}: {entry!r} is neither USER nor TEAM:USER")
    return (team if colon else team_id), user


def risk_words(risk: Risk) -> str:
    """A risk as people write it."""
    return risk.value.replace("_", " ")

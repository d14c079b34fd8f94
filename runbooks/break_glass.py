"""Opening break-glass: one asks with a reason, another confirms; the audit trail is its only record.

What is not in the trail, signed, was not opened. Who can write the database alone opens nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .actions.output import safe_text
from .audit import AuditTrail
from .errors import AuditError, PolicyError
from .freeze import matches
from .policy import AccountKind, Policy, PolicySource
from .proposal import ActorRef
from .rules import BreakGlass, Grant
from .store import AuditEntry, AuditKind

CONFIRM_WITHIN = timedelta(minutes=15)
MAX_REASON_CHARS = 500
SUBJECT = "break_glass"
_ASKED, _OPENED, _REFUSED = "asked", "opened", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassAnswer:
    """What became of asking or confirming.

    Attributes:
        allowed: It counted.
        sentence: For everybody when it counted, else for the person who tried.
        grant: What is open now, once confirmed.
    """

    allowed: bool
    sentence: str
    grant: Grant | None = None


def open_grants(audit: AuditTrail, policy: Policy, now: datetime) -> tuple[Grant, ...]:
    """Every break-glass that is open.

    Args:
        now: Aware UTC.

    Raises:
        AuditError: The trail cannot be read, or was changed.
    """
    return grants_in(audit, now) if policy.break_glass is not None else ()


def grants_in(audit: AuditTrail, now: datetime) -> tuple[Grant, ...]:
    """Every break-glass of the trail that is not over, whatever the policy says by now.

    Raises:
        AuditError: The trail cannot be read, or was changed.
    """
    grants = (_grant(entry) for entry in audit.about(SUBJECT))
    return tuple(grant for grant in grants if grant is not None and now < grant.until)


class GlassDesk:
    """Takes asks and confirmations."""

    def __init__(
        self, *, policy: PolicySource, audit: AuditTrail, clock: Callable[[], datetime]
    ) -> None:
        self._policy = policy
        self._audit = audit
        self._clock = clock

    async def ask(
        self, environment: str, actor: ActorRef, kind: AccountKind, reason: str
    ) -> BreakGlassAnswer:
        """Ask for it; opens nothing yet.

        Raises:
            AuditError: It could not be written down, so it was not asked.
        """
        policy, reason = await self._policy.in_force(), safe_text(" ".join(reason.split()))
        refusal = _refusal(policy, environment, actor, kind)
        if refusal is None and not 0 < len(reason) <= MAX_REASON_CHARS:
            refusal = f"give a reason of at most {MAX_REASON_CHARS} characters"
        if refusal is not None:
            return await self._refuse(environment, actor, refusal)
        await self._note(_ASKED, environment, actor, {"reason": reason})
        minutes = f"{CONFIRM_WITHIN.total_seconds() / 60:.0f} minutes"
        return BreakGlassAnswer(
            allowed=True,
            sentence=f"{actor.name} asks for break-glass in {environment}: {reason}. Another member "
            f"of {_roles(policy)} must confirm within {minutes}",
        )

    async def confirm(
        self, environment: str, actor: ActorRef, kind: AccountKind
    ) -> BreakGlassAnswer:
        """Confirm the newest ask of an environment; from then on it is open.

        Raises:
            AuditError: It could not be written down, so it is not open.
        """
        policy, now = await self._policy.in_force(), self._clock()
        refusal = _refusal(policy, environment, actor, kind)
        asked = await self._asked(environment, now)
        asker = asked.actor if asked is not None else None
        if refusal is None and (asked is None or asker is None):
            refusal = f"nobody asked for break-glass in {environment} in the last minutes"
        elif refusal is None and policy.grant_at(environment, now) is not None:
            refusal = f"break-glass is open in {environment} already"
        elif refusal is None and asker is not None:
            refusal = _same_person(policy, asker, actor)
        glass = policy.break_glass
        if refusal is not None or asked is None or asker is None or glass is None:
            return await self._refuse(environment, actor, refusal or "it is not in the policy")
        return await self._open(glass, asked, asker, actor)

    async def _open(
        self, glass: BreakGlass, asked: AuditEntry, asker: ActorRef, actor: ActorRef
    ) -> BreakGlassAnswer:
        environment, reason = asked.facts["environment"], asked.facts.get("reason", "")
        until = self._clock() + timedelta(seconds=glass.ttl_s)
        facts = {
            "reason": reason,
            "until": until.isoformat(),
            "asked_by_team": asker.team_id,
            "asked_by_user": asker.user_id,
        }
        await self._note(_OPENED, environment, actor, facts)
        grant = Grant(
            environment=environment,
            openers=frozenset({asker.account, actor.account}),
            until=until,
            reason=reason,
        )
        sentence = (
            f"Break-glass is open in {environment} until {until:%H:%M:%S} UTC, by {asker.name} and "
            f"{actor.name}: {reason}"
        )
        return BreakGlassAnswer(allowed=True, sentence=sentence, grant=grant)

    async def _asked(self, environment: str, now: datetime) -> AuditEntry | None:
        entries = await asyncio.to_thread(self._audit.about, SUBJECT)
        of_here = [
            entry
            for entry in entries
            if entry.facts.get("environment") == environment
            and entry.facts.get("event") in {_ASKED, _OPENED}
        ]
        newest = of_here[-1] if of_here else None
        if newest is None or newest.facts.get("event") != _ASKED:
            return None
        return newest if now < newest.at + CONFIRM_WITHIN else None

    async def _refuse(self, environment: str, actor: ActorRef, reason: str) -> BreakGlassAnswer:
        await self._note(_REFUSED, environment, actor, {"reason": reason})
        return BreakGlassAnswer(allowed=False, sentence=reason)

    async def _note(
        self, event: str, environment: str, actor: ActorRef, facts: dict[str, str]
    ) -> None:
        await asyncio.to_thread(
            self._audit.append,
            AuditKind.BREAK_GLASS,
            SUBJECT,
            self._clock(),
            actor,
            {"event": event, "environment": environment, **facts},
        )


def _refusal(policy: Policy, environment: str, actor: ActorRef, kind: AccountKind) -> str | None:
    glass = policy.break_glass
    if glass is None or not matches(glass.environments, environment):
        return f"the policy has no break-glass for {environment}"
    if kind is not AccountKind.MEMBER:
        return f"a {kind} account never breaks the glass"
    if not all(actor.account) or actor.account not in policy.members(glass.roles):
        return f"break-glass in {environment} is for {_roles(policy)}"
    return None


def _same_person(policy: Policy, asker: ActorRef, actor: ActorRef) -> str | None:
    if policy.person(asker.account) == policy.person(actor.account):
        return "you asked for it, so somebody else must confirm"
    glass = policy.break_glass
    if glass is None or asker.account not in policy.members(glass.roles):
        return f"{asker.name}, who asked, is no longer one of those who may"
    return None


def _roles(policy: Policy) -> str:
    if policy.break_glass is None:
        raise PolicyError("the policy has no break-glass")
    return " or ".join(policy.break_glass.roles)


def _grant(entry: AuditEntry) -> Grant | None:
    facts, actor = entry.facts, entry.actor
    if entry.kind is not AuditKind.BREAK_GLASS or facts.get("event") != _OPENED or actor is None:
        return None
    try:
        return Grant(
            environment=facts["environment"],
            openers=frozenset({actor.account, (facts["asked_by_team"], facts["asked_by_user"])}),
            until=datetime.fromisoformat(facts["until"]),
            reason=facts["reason"],
        )
    except (KeyError, ValueError) as exc:
        raise AuditError("a break-glass row of the audit trail cannot be read") from exc

"""Keeps the policy of a file in force while the file changes, breaks and is mended."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from .audit import AuditTrail
from .break_glass import open_grants
from .directory import GroupDirectory
from .errors import AuditError, DirectoryError, RunbookFileError
from .policy import Policy
from .policy_loader import parse_policy, read_policy
from .policy_trail import announce
from .rules import Account


class PolicyKeeper:
    """A `PolicySource` over a file that is read again at every decision.

    A change counts from the moment its audit row is written. A file that cannot be used leaves the
    last good policy in force; without one, nobody may approve.
    """

    def __init__(
        self,
        *,
        path: Path,
        team_id: str,
        groups: GroupDirectory,
        audit: AuditTrail,
        place: str,
        clock: Callable[[], datetime],
    ) -> None:
        """Keep one file's policy.

        Args:
            team_id: The workspace that bare ids belong to; empty where there is none.
            place: Where the policy holds, for the audit trail, for example "bot".
            clock: Gives the time, aware UTC.
        """
        self._path = path
        self._team_id = team_id
        self._groups = groups
        self._audit = audit
        self._place = place
        self._clock = clock
        self._good: Policy | None = None
        self._seen: str | None = None
        self._fault = ""
        self._turn = asyncio.Lock()
        self._log = structlog.get_logger()

    async def in_force(self) -> Policy:
        """See `PolicySource.in_force`."""
        async with self._turn:
            await self._read()
        policy = self._good or Policy(source=str(self._path), fault=self._fault)
        grants = await asyncio.to_thread(open_grants, self._audit, policy, self._clock())
        return await self._with_groups(replace(policy, notes=self._notes(), grants=grants))

    def _notes(self) -> tuple[str, ...]:
        if not self._fault or self._good is None:
            return ()
        return (f"the policy of {self._good.digest[:8]} stays in force: {self._fault}",)

    async def _read(self) -> None:
        """Take over what the file says now, once it is written down."""
        seen, policy, fault = await asyncio.to_thread(self._parse)
        if seen == self._seen:
            return
        in_force = policy or self._good or Policy(source=str(self._path), fault=fault)
        refused = {"refused": fault, "refused_sha256": seen} if fault else {}
        await announce(self._audit, in_force, self._place, self._clock(), refused)
        self._seen, self._fault, self._good = seen, fault, policy or self._good
        if fault:
            kept = self._good.digest if self._good is not None else "none: nobody may approve"
            self._log.error("policy_not_taken", fault=fault, in_force=kept)
        else:
            self._log.info("policy_in_force", sha256=seen, file=str(self._path))

    def _parse(self) -> tuple[str, Policy | None, str]:
        """What identifies the file's present state, its policy, and why it has none."""
        try:
            content = read_policy(self._path)
        except RunbookFileError as exc:
            return f"unreadable: {exc}", None, _one_line(exc)
        digest = hashlib.sha256(content).hexdigest()
        if digest == self._seen:
            return digest, None, ""
        try:
            return digest, parse_policy(content, self._path, self._team_id), ""
        except RunbookFileError as exc:
            return digest, None, _one_line(exc)

    async def _with_groups(self, policy: Policy) -> Policy:
        """Look the roles' user groups up; one that cannot be looked up has no members."""
        wanted = {group for role in policy.roles.values() for group in role.groups}
        members: dict[Account, frozenset[Account]] = {}
        notes = list(policy.notes)
        for team_id, group_id in sorted(wanted):
            try:
                found = await self._groups.members_of(team_id, group_id)
            except DirectoryError as exc:
                notes.append(f"{exc}, so it has no members now")
                continue
            members[team_id, group_id] = frozenset((team_id, user_id) for user_id in found)
        return replace(policy, group_members=members, notes=tuple(notes))


def _one_line(exc: RunbookFileError | AuditError) -> str:
    return "; ".join(str(exc).splitlines())

"""One reminder for each proposal that still waits when most of its time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from runbooks.case import Case
from runbooks.proposal import Plan
from runbooks.standing import Standing

SHARE = 2 / 3
"""After which part of a proposal's time people are reminded."""

Remind = Callable[[Case, Standing], Awaitable[None]]


class Waiting(Protocol):
    """What reminders need of `runbooks.approvals.Approvals`."""

    async def waiting(self) -> tuple[Case, ...]: ...  # noqa: D102 - see Approvals

    async def standing(self, case: Case) -> Standing: ...  # noqa: D102 - see Approvals


class Sightings(Protocol):
    """Remembers keys over a restart; blocking."""

    def first_sight(self, key: str, at: datetime) -> bool:
        """Note a key; of several callers exactly one gets True."""
        ...


def is_due(plan: Plan, now: datetime) -> bool:
    """Whether it is time to remind people of a waiting proposal."""
    due_at = plan.created_at + SHARE * (plan.expires_at - plan.created_at)
    return due_at <= now < plan.expires_at


class Reminders:
    """Sends each reminder at most once, also over restarts."""

    def __init__(
        self,
        *,
        approvals: Waiting,
        sightings: Sightings,
        remind: Remind,
        clock: Callable[[], datetime],
    ) -> None:
        """Wire it.

        Args:
            remind: Tells people where the proposal was asked for.
            clock: Gives the time, aware UTC.
        """
        self._approvals = approvals
        self._sightings = sightings
        self._remind = remind
        self._clock = clock

    async def send_due(self) -> tuple[int, ...]:
        """Remind people of every proposal for which it is time.

        Returns:
            Ids of those they were reminded of now.
        """
        now = self._clock()
        sent: list[int] = []
        for case in await self._approvals.waiting():
            plan, number = case.proposal.plan, case.proposal.proposal_id
            if not plan.where.channel_id or not is_due(plan, now):
                continue
            key = f"reminder:{number}"
            if await asyncio.to_thread(self._sightings.first_sight, key, now):
                await self._remind(case, await self._approvals.standing(case))
                sent.append(number)
        return tuple(sent)

"""Runs whose process is gone: which go on, and which nobody may touch before looking; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from .case import Case, open_case
from .errors import ProposalError
from .progress import unknown_steps
from .proposal import Plan
from .runner import is_elsewhere, is_gone
from .store import StoredProposal

RESUME_WITHIN = timedelta(hours=1)
_MARGIN_S = 60.0


class Fate(Enum):
    """What becomes of a run that is RUNNING in the store."""

    ALIVE = auto()
    RESUMABLE = auto()
    UNKNOWN = auto()


def fate(stored: StoredProposal, now: datetime, gone: Callable[[str], bool] = is_gone) -> Fate:
    """Judge a RUNNING proposal.

    A process of another host cannot be looked at: it is given as long as its run can take.

    It can go on when its process is surely gone and every step that was begun either has its end
    in the store or may be repeated.

    Args:
        now: Aware UTC.
        gone: Whether a runner is surely over.
    """
    try:
        plan = open_case(stored).proposal.plan
    except ProposalError:
        plan = None
    if stored.runner is None:
        return Fate.UNKNOWN
    if not gone(stored.runner):
        latest = last_sign(stored) + timedelta(seconds=longest_s(plan) if plan is not None else 0)
        return Fate.UNKNOWN if is_elsewhere(stored.runner) and now > latest else Fate.ALIVE
    if plan is None or _unknown(stored):
        return Fate.UNKNOWN
    return Fate.RESUMABLE


def unknown_reason(stored: StoredProposal) -> str:
    """What to say of a run that nobody may repeat without looking."""
    begun = _unknown(stored) or tuple(record.step_id for record in stored.steps[-1:])
    where = f" in step {', '.join(repr(step_id) for step_id in begun)}" if begun else ""
    return f"opsbot stopped while it ran{where}: look before you repeat it"


def _unknown(stored: StoredProposal) -> tuple[str, ...]:
    try:
        plan = open_case(stored).proposal.plan
    except ProposalError:
        return ()
    return unknown_steps(plan.steps, {record.position: record for record in stored.steps})


def too_old(stored: StoredProposal, now: datetime) -> str | None:
    """Why a run is not continued after so long; None while it still may be."""
    last = last_sign(stored)
    if now - last <= RESUME_WITHIN:
        return None
    return f"it stopped at {last:%Y-%m-%d %H:%M:%S} UTC, too long ago to go on from there"


def last_sign(stored: StoredProposal) -> datetime:
    """When something was last heard of a run, aware UTC."""
    ends = [record.started_at + timedelta(seconds=record.seconds) for record in stored.steps]
    return max([stored.changed_at, *ends])


def as_begun(case: Case) -> Case:
    """A case whose expiry is not asked again: its run was begun in time, and only goes on.

    The hash stays that of the stored record.
    """
    plan = case.proposal.plan
    if case.changed_at >= plan.expires_at:
        return case
    never = datetime.max.replace(tzinfo=plan.expires_at.tzinfo)
    open_ended = replace(plan, expires_at=never)
    return replace(case, proposal=replace(case.proposal, plan=open_ended))


def longest_s(plan: Plan) -> float:
    """The longest that a run can take, in seconds, with a margin."""
    total_s = _MARGIN_S
    for step in plan.steps:
        n_tries = 1 + (step.retry.times if step.retry is not None else 0)
        total_s += n_tries * step.action.timeout_s
        if step.retry is not None:
            total_s += step.retry.times * step.retry.delay_s
        if step.verify is not None:
            total_s += step.verify.within_s + step.verify.action.timeout_s
    return total_s

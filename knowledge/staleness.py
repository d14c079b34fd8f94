"""Why a document may no longer hold. Pure; the day comes in as a value."""

from __future__ import annotations

from datetime import date

from .documents import Metadata

_DAYS_A_YEAR = 365
_DAYS_A_MONTH = 30


def staleness(metadata: Metadata, today: date, stale_after_days: int | None = None) -> str:
    """Say in a few words why a document counts as stale; empty when it does not.

    Args:
        today: In UTC.
        stale_after_days: A document without a day of review that did not change for longer counts
            as stale; None: age alone makes none stale.
    """
    reasons: list[str] = []
    if metadata.is_retired:
        reasons.append("marked as retired")
    changed = metadata.updated_at.date() if metadata.updated_at is not None else None
    is_due = metadata.review_by is not None and metadata.review_by <= today
    limit = stale_after_days if metadata.review_by is None else None
    if changed is not None and (is_due or _is_old(changed, today, limit)):
        reasons.append(f"last changed {age(changed, today)}")
    if metadata.review_by is not None and is_due:
        reasons.append(f"review was due on {metadata.review_by.isoformat()}")
    return ", ".join(reasons)


def _is_old(changed: date, today: date, stale_after_days: int | None) -> bool:
    return stale_after_days is not None and (today - changed).days > stale_after_days


def age(day: date, today: date) -> str:
    """How long ago a day was, in its largest whole unit; a day to come is today."""
    n_days = (today - day).days
    if n_days <= 0:
        return "today"
    for length, unit in ((_DAYS_A_YEAR, "year"), (_DAYS_A_MONTH, "month"), (1, "day")):
        if n_days >= length:
            count = n_days // length
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "today"

"""Metadata as JSON: only what is known is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from .documents import Metadata


def metadata_to_json(metadata: Metadata) -> dict[str, Any]:
    """Fields that say something, as JSON has them; equal metadata give equal fields."""
    fields = {name: value for name, value in asdict(metadata).items() if value}
    if metadata.updated_at is not None:
        fields["updated_at"] = metadata.updated_at.isoformat()
    if metadata.review_by is not None:
        fields["review_by"] = metadata.review_by.isoformat()
    if metadata.groups:
        fields["groups"] = sorted(metadata.groups)
    return fields


def metadata_from_json(fields: Mapping[str, Any]) -> Metadata:
    """What `metadata_to_json` was given.

    Raises:
        ValueError: A date is none.
        TypeError: A field is not known.
    """
    known = dict(fields)
    if "updated_at" in known:
        known["updated_at"] = datetime.fromisoformat(known["updated_at"])
    if "review_by" in known:
        known["review_by"] = date.fromisoformat(known["review_by"])
    if "groups" in known:
        known["groups"] = frozenset(known["groups"])
    return Metadata(**known)

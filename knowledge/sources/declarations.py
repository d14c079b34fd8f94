"""Declared fields and a source's defaults into a document's metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

from ..documents import Metadata
from ..errors import UnusableDocumentError
from .decoding import visible
from .defaults import SourceDefaults
from .front_matter import plain

_TITLE = ("title",)
_OWNER = ("owner", "owners", "owner_slack", "team", "maintainer", "maintainers", "author")
_SERVICE = ("service", "services", "component", "system")
_URL = ("url", "source_url", "permalink_url", "canonical_url")
_UPDATED = ("updated", "updated_at", "last_updated", "lastmod", "last_modified", "modified",
            "revdate", "date", "last_reviewed", "last_reviewed_on", "reviewed", "reviewed_at")  # fmt: skip
_REVIEW_BY = ("review_by", "review_on", "next_review", "expires", "expires_at", "expiry_date")
_GROUPS = ("access", "groups", "access_groups", "allowed_groups")
_STATUS = ("status", "state", "lifecycle")
_RETIRED = frozenset(
    {"deprecated", "retired", "obsolete", "archived", "superseded", "withdrawn", "outdated"}
)
_FLAGS = ("deprecated", "retired", "obsolete", "archived")
_EVERYBODY = frozenset({"public", "everybody", "everyone", "all"})
_PERIOD = re.compile(r"^\s*(\d{1,3})\s*(day|week|month|year)s?\s*$", re.IGNORECASE)
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_MAX_CHARS = 300
_MAX_NAMES = 5
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def metadata_of(
    fields: Mapping[str, object],
    defaults: SourceDefaults,
    path: str,
    changed_at: datetime | None = None,
) -> Metadata:
    """What is known of a document.

    Args:
        fields: As `front_matter.declared` gives them.
        changed_at: When it changed as the source knows it, aware UTC; used where no date is declared.

    Raises:
        UnusableDocumentError: Its declared access groups cannot be brought under its source's.
    """
    updated_at = max(_times(fields, _UPDATED), default=changed_at)
    return Metadata(
        title=_text(fields, _TITLE),
        url=_url(fields) or defaults.url_of(path),
        owner=_text(fields, _OWNER) or defaults.owner,
        service=_text(fields, _SERVICE) or defaults.service,
        updated_at=updated_at,
        review_by=_review_by(fields, updated_at, defaults.stale_after_days),
        is_retired=_is_retired(fields),
        groups=narrowed(defaults.groups, fields),
    )


def with_defaults(metadata: Metadata, defaults: SourceDefaults, path: str) -> Metadata:
    """Metadata that were made elsewhere, completed and narrowed by what the settings say.

    Raises:
        UnusableDocumentError: None of its access groups is one of the source's.
    """
    groups = sorted(metadata.groups)
    return replace(
        metadata,
        url=metadata.url or defaults.url_of(path),
        owner=metadata.owner or defaults.owner,
        service=metadata.service or defaults.service,
        review_by=metadata.review_by
        or _review_by({}, metadata.updated_at, defaults.stale_after_days),
        groups=narrowed(defaults.groups, {"groups": groups}),
    )


def narrowed(allowed: frozenset[str], fields: Mapping[str, object]) -> frozenset[str]:
    """The access groups of a document: those of its source, or fewer.

    Raises:
        UnusableDocumentError: None of the declared groups is one of the source's.
    """
    named = _groups(fields)
    if not named or not allowed:
        return named or allowed
    both = named & allowed
    if not both:
        raise UnusableDocumentError(
            f"it is for {_listed(named)}, its source for {_listed(allowed)}: no group is in both"
        )
    return both


def _groups(fields: Mapping[str, object]) -> frozenset[str]:
    """Groups named; where several fields name some, those that all of them name.

    A field that holds something else than names is no ground to show a document to everybody.
    """
    groups: frozenset[str] = frozenset()
    for name in _GROUPS:
        value = fields.get(name)
        if value is None or value in ("", []):
            continue
        if not _is_named(value):
            raise UnusableDocumentError(f"its {name!r} names no access groups")
        named = frozenset(_words(value))
        if named & _EVERYBODY:
            continue
        if groups and not groups & named:
            raise UnusableDocumentError("its access groups contradict each other")
        groups = groups & named if groups else named
    return groups


def _is_named(value: object) -> bool:
    if isinstance(value, list):
        members = cast("list[object]", value)
        return all(isinstance(one, str | int) for one in members)
    return isinstance(value, str)


def _words(value: object) -> Iterator[str]:
    """Names in a list, or in a text with commas or blanks between them."""
    if isinstance(value, str):
        yield from (word for word in re.split(r"[,;\s]+", value.strip("[] ")) if word)
    elif isinstance(value, list):
        yield from filter(None, (plain(one) for one in cast("list[object]", value)))


def _listed(groups: Iterable[str]) -> str:
    return ", ".join(sorted(groups))


def _text(fields: Mapping[str, object], names: Iterable[str]) -> str:
    for name in names:
        value = fields.get(name)
        members = cast("list[object]", value)[:_MAX_NAMES] if isinstance(value, list) else [value]
        told = [plain(one) for one in members if not isinstance(one, bool)]
        text = visible(", ".join(one for one in told if one))[:_MAX_CHARS]
        if text:
            return text
    return ""


def _url(fields: Mapping[str, object]) -> str:
    url = _text(fields, _URL)
    return url if re.match(r"https?://[^\s<>|]+$", url) else ""


def _times(fields: Mapping[str, object], names: Iterable[str]) -> Iterator[datetime]:
    for name in names:
        at = _time(fields.get(name))
        if at is not None:
            yield at


def _time(value: object) -> datetime | None:
    """A moment from what YAML or a person makes of a date; a day begins at midnight UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=UTC)
    if not isinstance(value, str):
        return None
    found = _DATE.search(value)
    for text in (value.strip(), found[0] if found else ""):
        try:
            return _time(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            continue
    return None


def _review_by(
    fields: Mapping[str, object], updated_at: datetime | None, stale_after_days: int | None
) -> date | None:
    """The earliest day named, else the last change plus the interval that is set."""
    named = min(_times(fields, _REVIEW_BY), default=None)
    if named is not None:
        return named.date()
    period = _PERIOD.match(_text(fields, ("review_in",)))
    days = int(period[1]) * _DAYS[period[2].lower()] if period else stale_after_days
    if updated_at is None or days is None:
        return None
    try:
        return (updated_at + timedelta(days=days)).date()
    except OverflowError:
        return None


def _is_retired(fields: Mapping[str, object]) -> bool:
    stated = {word.lower() for word in re.findall(r"[A-Za-z]+", _text(fields, _STATUS))}
    return bool(stated & _RETIRED) or any(fields.get(name) is True for name in _FLAGS)

"""The pages in the `entities.xml` of a Confluence space export."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from ...errors import UnusableDocumentError

_PAGES = frozenset({"Page", "BlogPost"})
_READ = frozenset({*_PAGES, "BodyContent", "ContentPermissionSet"})
_MAX_ANCESTORS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacePage:
    """A page as it is now.

    Attributes:
        ancestors: Titles of the pages above it, outermost first.
        body: In Confluence's storage format.
        is_restricted: It, or a page above it, may not be seen by everybody who may see the space.
    """

    page_id: str
    title: str
    ancestors: tuple[str, ...]
    body: str
    changed_at: datetime | None
    is_restricted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entity:
    """One object: its plain properties, and the ids of the objects it points to."""

    entity_id: str
    values: Mapping[str, str]
    references: Mapping[str, str]


@dataclass(slots=True)
class _Space:
    """What was read so far, by id of the page."""

    pages: dict[str, _Entity] = field(default_factory=dict[str, _Entity])
    bodies: dict[str, str] = field(default_factory=dict[str, str])
    restricted: set[str] = field(default_factory=set[str])

    def add(self, kind: str, entity: _Entity) -> None:
        if kind in _PAGES:
            self.pages[entity.entity_id] = entity
        elif kind == "BodyContent":
            self.bodies[entity.references.get("content", "")] = entity.values.get("body", "")
        elif entity.values.get("type", "").lower() == "view":
            self.restricted.add(entity.references.get("owningContent", ""))

    def line(self, page_id: str) -> list[str]:
        """Ids of a page and those above it, itself first; ends where they go in a circle."""
        line: list[str] = []
        while page_id in self.pages and page_id not in line and len(line) < _MAX_ANCESTORS:
            line.append(page_id)
            page_id = self.pages[page_id].references.get("parent", "")
        return line


def pages_of(data: bytes) -> Iterator[SpacePage]:
    """The current pages, in the order of their ids.

    Raises:
        UnusableDocumentError: The XML is damaged, or declares entities.
    """
    space = _Space()
    for kind, entity in _entities(data):
        space.add(kind, entity)
    for page_id in sorted(space.pages, key=lambda one: (len(one), one)):
        if _is_current(space.pages[page_id]):
            yield _page(space, page_id)


def _page(space: _Space, page_id: str) -> SpacePage:
    page = space.pages[page_id]
    line = space.line(page_id)
    return SpacePage(
        page_id=page_id,
        title=_title(page),
        ancestors=tuple(_title(space.pages[one]) for one in reversed(line[1:])),
        body=space.bodies.get(page_id, ""),
        changed_at=_time(page.values.get("lastModificationDate", "")),
        is_restricted=not space.restricted.isdisjoint(line),
    )


def _is_current(page: _Entity) -> bool:
    """Whether it is no draft, no deleted page and no earlier version of another."""
    status = page.values.get("contentStatus", "current")
    return status == "current" and not page.references.get("originalVersion")


def _title(page: _Entity) -> str:
    return " ".join(page.values.get("title", "").split()) or "Untitled"


def _entities(data: bytes) -> Iterator[tuple[str, _Entity]]:
    try:
        for _, element in iterparse(io.BytesIO(data), events=("end",), forbid_dtd=True):
            if element.tag == "object":
                kind = element.get("class", "")
                if kind in _READ:
                    yield kind, _entity(element)
                element.clear()
    except DefusedXmlException as exc:
        raise UnusableDocumentError("it declares XML entities, which no export needs") from exc
    except (ParseError, ValueError, LookupError) as exc:
        raise UnusableDocumentError("damaged: its XML cannot be read") from exc


def _entity(element: Element) -> _Entity:
    values: dict[str, str] = {}
    references: dict[str, str] = {}
    for one in element.findall("property"):
        name = one.get("name", "")
        pointed = one.find("id")
        if pointed is None:
            values[name] = (one.text or "").strip()
        else:
            references[name] = (pointed.text or "").strip()
    own = element.find("id")
    return _Entity(
        entity_id=(own.text or "").strip() if own is not None else "",
        values=values,
        references=references,
    )


def _time(text: str) -> datetime | None:
    """The server's own time, whose zone an export does not tell."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).replace(microsecond=0)

"""A Confluence export as a source: the HTML of a space, or its XML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from ...documents import Document, Format, SkippedFile
from ...errors import SourceError, UnusableDocumentError
from ..decoding import decode, visible
from ..defaults import NO_DEFAULTS, SourceDefaults
from ..files import FileReader, Found, FoundFile, setup_of
from ..formats.conversion import Converted, kind_of
from ..formats.html_markdown import html_fields, html_to_markdown
from ..limits import MAX_MARKED_UP_BYTES
from .confluence_space import SpacePage, pages_of
from .confluence_storage import storage_to_html
from .contents import contents_of

_ENTITIES = "entities.xml"
_MAX_ENTITIES_BYTES = 400_000_000
_PAGES = frozenset({".html", ".htm"})
_CHANGED = re.compile(r"last (?:modified|updated)[^<]{0,200}?on ([A-Z][a-z]{2} \d{1,2}, \d{4})")
_MARKUP = re.compile(r"<[^<>]{0,300}>")


class ConfluenceSource:
    """The pages of an export, a zip archive or the folder made of it.

    Pages that only some may see in Confluence are not taken in: who they are does not come along.
    """

    kind = "confluence"

    def __init__(
        self, *, name: str, location: Path, defaults: SourceDefaults = NO_DEFAULTS
    ) -> None:
        self.name = name
        self._location = location
        self._reader = FileReader(source=name, defaults=defaults)

    @property
    def setup(self) -> str:
        """Digest of what shapes the documents beside their bytes."""
        return setup_of(self.kind, self._reader.defaults)

    def read(self, known: Mapping[str, str]) -> Iterator[Found]:
        """See `Source.read`."""
        with contents_of(self._location) as files:
            entities = [file for file in files if _name(file) == _ENTITIES]
            if entities:
                yield from self._space(entities[0])
                return
            for file in files:
                found = file if isinstance(file, SkippedFile) else self._one(file, known)
                if found is not None:
                    yield found

    def _one(self, file: FoundFile, known: Mapping[str, str]) -> Found | None:
        """A page, or a document attached to one; None for the rest of the export."""
        suffix = PurePosixPath(file.path).suffix.lower()
        if _name(file) == "index.html" or kind_of(file.path) is None:
            return None
        return self._page(file) if suffix in _PAGES else self._reader.read_one(file, known)

    def _page(self, file: FoundFile) -> Found:
        try:
            data = file.read(MAX_MARKED_UP_BYTES)
            page = decode(data)
            return self._reader.document(file, _converted(page), data)
        except UnusableDocumentError as exc:
            return SkippedFile(path=file.path, reason=str(exc))

    def _space(self, file: FoundFile | SkippedFile) -> Iterator[Found]:
        if isinstance(file, SkippedFile):
            raise SourceError(self._location, file.reason)
        try:
            pages = tuple(pages_of(file.read(_MAX_ENTITIES_BYTES)))
        except UnusableDocumentError as exc:
            raise SourceError(self._location, f"{file.path}: {exc}") from exc
        n_same = Counter(_path(page) for page in pages)
        for page in pages:
            path = _path(page)
            unique = path if n_same[path] == 1 else f"{path} ({page.page_id})"
            found = self._space_page(page, unique)
            if found is not None:
                yield found

    def _space_page(self, page: SpacePage, path: str) -> Found | None:
        if page.is_restricted:
            return SkippedFile(path=path, reason="only some people may see it in Confluence")
        if not page.body.strip():
            return None  # pages that only hold others
        data = f"{page.title}\0{page.body}".encode("utf-8", "replace")
        file = FoundFile(path=path, read=partial(_given, data), changed_at=page.changed_at)
        try:
            return self._stored(file, page, data)
        except UnusableDocumentError as exc:
            return SkippedFile(path=path, reason=str(exc))

    def _stored(self, file: FoundFile, page: SpacePage, data: bytes) -> Document | None:
        if len(data) > MAX_MARKED_UP_BYTES:
            raise UnusableDocumentError(f"larger than {MAX_MARKED_UP_BYTES // 1_000_000} MB")
        text = html_to_markdown(storage_to_html(visible(page.body)))
        if not text.strip():
            return None
        converted = Converted(text=text, format=Format.MARKDOWN, fields={"title": page.title})
        return self._reader.document(file, converted, data)


def _given(data: bytes, _: int) -> bytes:
    return data


def _name(file: FoundFile | SkippedFile) -> str:
    return PurePosixPath(file.path).name


def _path(page: SpacePage) -> str:
    return "/".join(title.replace("/", "-") for title in (*page.ancestors, page.title))


def _converted(page: str) -> Converted:
    """A page of the HTML export: its title names the space too, its foot when it changed."""
    text = html_to_markdown(page)
    if not text.strip():
        raise UnusableDocumentError("empty: no text that people can see")
    fields = dict(html_fields(page))
    space, separator, title = str(fields.get("title", "")).partition(" : ")
    fields["title"] = title if separator else space
    changed = _CHANGED.search(_MARKUP.sub("", page))
    if changed is not None:
        fields["last_modified"] = _day(changed[1])
    return Converted(text=text, format=Format.MARKDOWN, fields=fields)


def _day(text: str) -> datetime | str:
    try:
        return datetime.strptime(text, "%b %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return ""

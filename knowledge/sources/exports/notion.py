"""A Notion export as a source: Markdown pages and CSV tables whose names end in an id."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ...documents import Document, Format, SkippedFile
from ...errors import UnusableDocumentError
from ..decoding import decode
from ..defaults import NO_DEFAULTS, SourceDefaults
from ..files import FileReader, Found, FoundFile, setup_of
from ..formats.conversion import Converted, kind_of
from ..formats.markdown_writer import MarkdownWriter
from ..limits import MAX_BYTES
from .contents import contents_of

_ID = re.compile(r" ([0-9a-f]{32})(?=(?:_all)?(?:\.[A-Za-z]+)?$)")
_ADDRESS = "https://www.notion.so/"
_PROPERTY = re.compile(r"^([A-Z][\w /-]{0,40}): (.{1,300})$")
_MAX_ROWS = 5000
_MAX_PROPERTIES = 40
_TABLE = ".csv"


class NotionSource:
    """The pages of an export, a zip archive or the folder made of it."""

    kind = "notion"

    def __init__(
        self, *, name: str, location: Path, defaults: SourceDefaults = NO_DEFAULTS
    ) -> None:
        self.name = name
        self._location = location
        self._defaults = defaults

    @property
    def setup(self) -> str:
        """Digest of what shapes the documents beside their bytes."""
        return setup_of(self.kind, self._defaults)

    def read(self, known: Mapping[str, str]) -> Iterator[Found]:
        """See `Source.read`."""
        reader = FileReader(source=self.name, defaults=self._defaults)
        with contents_of(self._location) as files:
            for file, path in _named(_wanted(files)):
                found = self._one(reader, file, path, known)
                if found is not None:
                    yield found

    def _one(
        self,
        reader: FileReader,
        file: FoundFile | SkippedFile,
        path: str,
        known: Mapping[str, str],
    ) -> Found | None:
        if isinstance(file, SkippedFile):
            return file
        renamed = replace(file, path=path, changed_at=None)  # the archive's times are the export's
        if path.endswith(_TABLE):
            found = _table(reader, renamed)
        else:
            found = reader.read_one(renamed, known, _properties)
        page_id = _ID.search(file.path)
        if not isinstance(found, Document) or page_id is None or self._defaults.url:
            return found
        metadata = replace(found.metadata, url=f"{_ADDRESS}{page_id[1]}")
        return replace(found, metadata=metadata)


def _wanted(files: Iterable[FoundFile | SkippedFile]) -> Iterator[FoundFile | SkippedFile]:
    """Pages and tables; a table exported with all its rows stands for the one with some."""
    listed = tuple(files)
    whole = {file.path for file in listed if file.path.endswith(f"_all{_TABLE}")}
    for file in listed:
        if isinstance(file, SkippedFile):
            yield file
        elif file.path.endswith(_TABLE):
            if f"{file.path.removesuffix(_TABLE)}_all{_TABLE}" not in whole:
                yield file
        elif kind_of(file.path) is not None and PurePosixPath(file.path).name != "index.html":
            yield file


def _named(
    files: Iterable[FoundFile | SkippedFile],
) -> Iterator[tuple[FoundFile | SkippedFile, str]]:
    """Files with a path without ids, as long as that names one file only."""
    listed = tuple(files)
    short = [_without_ids(file.path) for file in listed]
    n_same = Counter(short)
    for file, path in zip(listed, short, strict=True):
        yield file, path if n_same[path] == 1 else file.path


def _without_ids(path: str) -> str:
    parts = (_ID.sub("", part) for part in path.split("/"))
    return "/".join(parts).replace(f"_all{_TABLE}", _TABLE)


def _table(reader: FileReader, file: FoundFile) -> Found:
    """A database as one table."""
    try:
        data = file.read(MAX_BYTES)
        rows = _rows(decode(data))
        writer = MarkdownWriter()
        writer.heading(1, PurePosixPath(file.path).stem)
        writer.table(rows)
        converted = Converted(text=writer.text(), format=Format.MARKDOWN)
        return reader.document(file, converted, data)
    except UnusableDocumentError as exc:
        return SkippedFile(path=file.path, reason=str(exc))


def _rows(text: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as exc:
        raise UnusableDocumentError(f"malformed CSV ({exc})") from exc
    if len(rows) > _MAX_ROWS:
        raise UnusableDocumentError(f"a table of more than {_MAX_ROWS} rows")
    return rows


def _properties(text: str) -> Mapping[str, object]:
    """What the lines under the title say of a page of a database."""
    fields: dict[str, object] = {}
    for line in text.split("\n", _MAX_PROPERTIES + 2)[1 : _MAX_PROPERTIES + 1]:
        match = _PROPERTY.match(line)
        if match is not None:
            fields[re.sub(r"[\s/-]+", "_", match[1].lower())] = match[2]
        elif line.strip():
            break
    return fields

"""Files of a folder, an export or a checkout into documents, each on its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from ..documents import Document, SkippedFile, UnchangedDocument
from ..errors import UnusableDocumentError
from .declarations import metadata_of
from .defaults import SourceDefaults
from .formats.conversion import Converted, kind_of

Found: TypeAlias = Document | UnchangedDocument | SkippedFile

FieldsOf: TypeAlias = Callable[[str], Mapping[str, object]]

READER_VERSION = "1"
"""Change it with anything that makes another text or other metadata of the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file that may be a document.

    Attributes:
        path: With forward slashes, from the root of its source.
        read: Gives its bytes, at most as many as asked for.

            Raises:
                UnusableDocumentError: It has more, or cannot be read.
        changed_at: When its content last changed as the source knows it, aware UTC.
    """

    path: str
    read: Callable[[int], bytes]
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReader:
    """Makes documents of files.

    Attributes:
        source: Name of the source they are of.
        is_strict: A file that turns out to be no document is reported, not passed over.
    """

    source: str
    defaults: SourceDefaults
    is_strict: bool = False

    def read(
        self, files: Iterable[FoundFile | SkippedFile], known: Mapping[str, str]
    ) -> Iterator[Found]:
        """Read every file; see `Source.read`."""
        for file in files:
            found = file if isinstance(file, SkippedFile) else self.read_one(file, known)
            if found is not None:
                yield found

    def read_one(
        self, file: FoundFile, known: Mapping[str, str], fields_of: FieldsOf | None = None
    ) -> Found | None:
        """One file; None when it is no document at all.

        Args:
            fields_of: What the text itself tells beside what its format declares.
        """
        kind = kind_of(file.path)
        if kind is None:
            return SkippedFile(path=file.path, reason="not a known kind of document")
        try:
            data = file.read(kind.max_bytes)
            if kind.is_slow and known.get(file.path) == hashlib.sha256(data).hexdigest():
                return UnchangedDocument(path=file.path)
            converted = kind.convert(data)
            if converted is None:
                no_document = SkippedFile(path=file.path, reason="no OpenAPI description")
                return no_document if self.is_strict else None
            if fields_of is not None:
                fields = {**fields_of(converted.text), **converted.fields}
                converted = replace(converted, fields=fields)
            return self.document(file, converted, data)
        except UnusableDocumentError as exc:
            return SkippedFile(path=file.path, reason=str(exc))

    def document(self, file: FoundFile, converted: Converted, data: bytes) -> Document:
        """The document of a file with these bytes that was converted.

        Raises:
            UnusableDocumentError: It names access groups that are not those of the source.
        """
        return Document(
            source=self.source,
            path=file.path,
            text=converted.text,
            format=converted.format,
            sha256=hashlib.sha256(data).hexdigest(),
            metadata=metadata_of(converted.fields, self.defaults, file.path, file.changed_at),
        )


def setup_of(kind: str, defaults: SourceDefaults, *more: str) -> str:
    """Digest of all that shapes documents beside their bytes."""
    named = (READER_VERSION, kind, defaults.owner, defaults.service, defaults.url,
             ",".join(sorted(defaults.groups)), str(defaults.stale_after_days), *more)  # fmt: skip
    return hashlib.sha256("\0".join(named).encode()).hexdigest()

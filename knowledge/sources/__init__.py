"""Where documents come from: one file per kind of source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from ..documents import Document, SkippedFile, UnchangedDocument


class Source(Protocol):
    """A place documents are read from as a whole."""

    @property
    def name(self) -> str:
        """Its identity: stays the same from sync to sync, and is each document's `source`."""
        ...

    @property
    def kind(self) -> str:
        """The sort of source in one word, for people ("folder", "git", ...)."""
        ...

    def read(
        self, known: Mapping[str, str]
    ) -> Iterator[Document | UnchangedDocument | SkippedFile]:
        """Read every document, in a stable order. Blocks; runs in a worker thread.

        Args:
            known: The sha256 of every document of this source that is stored, by path. One whose
                bytes still have that digest may be given as unchanged, which spares making text
                of it; its metadata then stay as they are stored.

        Raises:
            SourceError: The source as a whole cannot be read; what is stored of it stays.
        """
        ...

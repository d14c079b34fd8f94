"""Taking a source into the document store, as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

from .document_store import DocumentStore
from .documents import Document, SkippedFile, UnchangedDocument
from .errors import SourceError
from .sources import Source


@runtime_checkable
class HasSetup(Protocol):
    """A source whose documents also depend on how it is set up, such as who may read them."""

    @property
    def setup(self) -> str:
        """Digest of that; when it changes, every document is read anew."""
        ...


class _Taken:
    """Sorts what a source gives while the store takes the documents."""

    def __init__(self, known: Mapping[str, str], on_read: Callable[[int], None]) -> None:
        self._known = known
        self._on_read = on_read
        self.kept: list[str] = []
        self.skipped: list[SkippedFile] = []
        self.n_read = 0

    def documents(
        self, found: Iterator[Document | UnchangedDocument | SkippedFile]
    ) -> Iterator[Document]:
        for one in found:
            one = _storable(one)
            if isinstance(one, SkippedFile):
                self.skipped.append(one)
                continue
            self.n_read += 1
            self._on_read(self.n_read)
            if isinstance(one, Document):
                yield one
            elif one.path in self._known:
                self.kept.append(one.path)
            else:
                self.skipped.append(SkippedFile(path=one.path, reason="never read as a document"))


def _storable(
    one: Document | UnchangedDocument | SkippedFile,
) -> Document | UnchangedDocument | SkippedFile:
    """What is no valid Unicode is replaced in a text; a name of that kind cannot be cited."""
    path = _valid(one.path)
    if isinstance(one, SkippedFile):
        return replace(one, path=path)
    if path != one.path:
        return SkippedFile(path=path, reason="its name is not valid UTF-8")
    if isinstance(one, Document) and not one.text.isascii():
        return replace(one, text=_valid(one.text))
    return one


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def take_in(store: DocumentStore, source: Source, on_read: Callable[[int], None]) -> str:
    """Make the store hold exactly what a source gives now. Blocks on disk.

    Args:
        on_read: Called with the number of documents read so far.

    Returns:
        Why the source could not be read, so that what is stored of it stays; empty when it was.

    Raises:
        StoreError: The store cannot be used; it is as it was before.
    """
    setup = source.setup if isinstance(source, HasSetup) else ""
    known = store.known(source.name) if store.setup_of(source.name) == setup else {}
    taken = _Taken(known, on_read)
    try:
        store.replace(
            source.name,
            source.kind,
            setup=setup,
            changed=taken.documents(source.read(known)),
            kept=taken.kept,
            skipped=taken.skipped,
        )
    except SourceError as exc:
        store.note_trouble(source.name, source.kind, str(exc))
        return str(exc)
    return ""

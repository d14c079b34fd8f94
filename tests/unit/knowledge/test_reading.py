"""Taking a source into the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from knowledge.document_store import DocumentStore
from knowledge.documents import Document, Format, SkippedFile, UnchangedDocument
from knowledge.errors import SourceError
from knowledge.reading import take_in


class Wiki:
    """Gives what it is told to, remembers what it was told."""

    name = "wiki"
    kind = "export"

    def __init__(
        self,
        *found: Document | UnchangedDocument | SkippedFile,
        setup: str = "",
        fails: bool = False,
    ) -> None:
        self._found = found
        self.setup = setup
        self._fails = fails
        self.known: Mapping[str, str] = {}

    def read(
        self, known: Mapping[str, str]
    ) -> Iterator[Document | UnchangedDocument | SkippedFile]:
        self.known = dict(known)
        yield from self._found
        if self._fails:
            raise SourceError(Path("wiki"), "the remote is down")


def page(path: str, text: str = "text") -> Document:
    return Document(source="wiki", path=path, text=text, format=Format.TEXT, sha256=_sha(text))


def _sha(text: str) -> str:
    return f"sha of {text[:4]!a}"


def nothing(_: int) -> None:
    return


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path)


def test_what_is_given_as_unchanged_stays(store: DocumentStore) -> None:
    seen: list[int] = []
    assert take_in(store, Wiki(page("a"), page("b")), seen.append) == ""
    again = Wiki(UnchangedDocument(path="a"), page("c"))
    assert take_in(store, again, nothing) == ""
    assert again.known == {"a": "sha of 'text'", "b": "sha of 'text'"}
    assert store.known("wiki") == {"a": "sha of 'text'", "c": "sha of 'text'"}
    assert seen == [1, 2]


def test_another_setup_reads_every_document_anew(store: DocumentStore) -> None:
    take_in(store, Wiki(page("a")), nothing)
    again = Wiki(page("a"), setup="groups: hr")
    take_in(store, again, nothing)
    assert again.known == {}
    same = Wiki(UnchangedDocument(path="a"), setup="groups: hr")
    take_in(store, same, nothing)
    assert same.known == {"a": "sha of 'text'"}


def test_unchanged_without_ever_being_read_is_named_as_skipped(store: DocumentStore) -> None:
    take_in(store, Wiki(UnchangedDocument(path="a")), nothing)
    (source,) = store.sources()
    assert source.skipped == (SkippedFile(path="a", reason="never read as a document"),)


def test_a_source_that_is_down_keeps_its_documents_and_says_why(store: DocumentStore) -> None:
    take_in(store, Wiki(page("a")), nothing)
    trouble = take_in(store, Wiki(page("b"), fails=True), nothing)
    assert trouble == "wiki cannot be read: the remote is down"
    assert store.known("wiki") == {"a": "sha of 'text'"}
    assert store.sources()[0].trouble == trouble


def test_names_and_texts_that_are_no_unicode_are_no_accident(store: DocumentStore) -> None:
    take_in(store, Wiki(page("caf\udce9.md"), page("b", "x \ud800 y")), nothing)
    (source,) = store.sources()
    assert source.skipped == (SkippedFile(path="caf?.md", reason="its name is not valid UTF-8"),)
    found = store.document("wiki", "b")
    assert found is not None
    assert found.text == "x ? y"

"""The stored documents: what is kept, replaced and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from knowledge.document_store import DocumentStore
from knowledge.documents import Document, Format, Metadata, SkippedFile
from knowledge.errors import SourceError, StoreError

FULL = Metadata(
    title="Pool",
    url="https://wiki.example/pool",
    owner="payments",
    service="checkout",
    updated_at=datetime(2026, 3, 1, tzinfo=UTC),
    review_by=date(2027, 3, 1),
    is_retired=True,
    groups=frozenset({"sre", "dba"}),
)


def page(path: str, text: str = "text", metadata: Metadata | None = None) -> Document:
    return Document(
        source="wiki",
        path=path,
        text=text,
        format=Format.TEXT,
        sha256=f"sha of {text}",
        metadata=metadata or Metadata(),
    )


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "kb")


def fill(store: DocumentStore, *documents: Document, kept: tuple[str, ...] = ()) -> None:
    store.replace("wiki", "git", setup="", changed=documents, kept=kept, skipped=())


def test_a_document_comes_back_as_it_was_given(store: DocumentStore) -> None:
    fill(store, page("a.md", "an odd \0 text é", FULL))
    assert store.document("wiki", "a.md") == page("a.md", "an odd \0 text é", FULL)
    assert store.document("wiki", "b.md") is None


def test_a_source_holds_what_was_given_last_and_no_more(store: DocumentStore) -> None:
    fill(store, page("a"), page("b"), page("c"))
    fill(store, page("c", "new"), page("d"), kept=("a",))
    assert [key.path for key in store.stored()] == ["a", "c", "d"]
    assert store.known("wiki") == {"a": "sha of text", "c": "sha of new", "d": "sha of text"}


def test_metadata_alone_make_another_revision(store: DocumentStore) -> None:
    fill(store, page("a"))
    (before,) = store.stored()
    fill(store, page("a"))
    assert store.stored() == (before,)
    fill(store, page("a", metadata=FULL))
    (after,) = store.stored()
    assert (after.sha256, after.revision != before.revision) == (before.sha256, True)


def test_a_source_that_fails_half_way_keeps_what_was_stored(store: DocumentStore) -> None:
    fill(store, page("a"), page("b"))

    def failing() -> Iterator[Document]:
        yield page("a", "new")
        raise SourceError(Path("wiki"), "gone")

    with pytest.raises(SourceError):
        store.replace("wiki", "git", setup="", changed=failing(), kept=(), skipped=())
    assert set(store.known("wiki").values()) == {"sha of text"}
    store.note_trouble("wiki", "git", "gone")
    (source,) = store.sources()
    assert (source.n_documents, source.trouble, source.synced_at is not None) == (2, "gone", True)


def test_skipped_files_are_those_of_the_last_time(store: DocumentStore) -> None:
    bad = SkippedFile(path="bad.md", reason="binary")
    store.replace("wiki", "git", setup="", changed=(), kept=(), skipped=(bad,))
    assert store.sources()[0].skipped == (bad,)
    fill(store)
    assert store.sources()[0].skipped == ()


def test_removing_takes_one_document_or_the_whole_source(store: DocumentStore) -> None:
    fill(store, page("a"), page("b"))
    assert store.remove("wiki", "a") == 1
    assert store.remove("wiki", "a") == 0
    assert [source.n_documents for source in store.sources()] == [1]
    assert store.remove("wiki", None) == 1
    assert store.sources() == ()


def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "documents.sqlite3"
    file.write_bytes(b"\xa5" * 8192)
    with pytest.raises(StoreError, match=r"documents\.sqlite3: file is not a database"):
        DocumentStore(tmp_path).sources()
    assert file.read_bytes() == b"\xa5" * 8192

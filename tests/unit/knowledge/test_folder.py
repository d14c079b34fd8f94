"""Reading a folder of documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.documents import Document, Format, SkippedFile
from knowledge.errors import SourceError
from knowledge.sources.files import Found
from knowledge.sources.folder import FolderSource
from knowledge.sources.limits import MAX_BYTES


def read_source(root: Path) -> list[Found]:
    return list(FolderSource(root).read({}))


def documents(root: Path) -> dict[str, Document]:
    return {found.path: found for found in read_source(root) if isinstance(found, Document)}


def skipped(root: Path) -> dict[str, str]:
    return {
        found.path: found.reason for found in read_source(root) if isinstance(found, SkippedFile)
    }


def test_known_kinds_are_read_with_their_relative_path(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.MD").write_text("# A")
    (tmp_path / "b.rst").write_text("B")
    (tmp_path / "c.txt").write_text("C")
    (tmp_path / "d.py").write_text("D")
    found = documents(tmp_path)
    assert {path: doc.format for path, doc in found.items()} == {
        "b.rst": Format.RST,
        "c.txt": Format.TEXT,
        "deep/er/a.MD": Format.MARKDOWN,
    }


def test_the_digest_changes_with_the_content_only(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("one")
    before = documents(tmp_path)["a.md"].sha256
    file.touch()
    assert documents(tmp_path)["a.md"].sha256 == before
    file.write_text("two")
    assert documents(tmp_path)["a.md"].sha256 != before


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x00\x03", "binary"),
        (b"\xc4\xe3\xba\xc3", "not UTF-8 (byte 0)"),
        (b" \n ", "empty"),
        (b"a" * (MAX_BYTES + 1), "larger than 2 MB"),
    ],
)
def test_a_bad_file_is_skipped_by_name_with_its_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "good.md").write_text("fine")
    (tmp_path / "bad.md").write_bytes(data)
    assert skipped(tmp_path) == {"bad.md": reason}
    assert set(documents(tmp_path)) == {"good.md"}


def test_hidden_and_generated_places_are_not_documents(tmp_path: Path) -> None:
    for place in (".git/a.md", "node_modules/b.md", ".c.md"):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        file.write_text("text")
    assert read_source(tmp_path) == []


def test_a_link_back_to_its_own_folder_ends(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text("text")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    assert set(documents(tmp_path)) == {"sub/a.md"}


def test_a_link_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "in.md").symlink_to(outside)
    assert documents(root) == {}
    assert skipped(root) == {"in.md": "links to a place outside the folder"}


def test_line_endings_and_byte_order_marks_are_normalised(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree")
    assert documents(tmp_path)["a.txt"].text == "one\ntwo\nthree"


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("one")
    (tmp_path / "b.md").write_text("two")
    assert set(documents(tmp_path / "a.md")) == {"a.md"}


def test_a_missing_folder_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        read_source(tmp_path / "nowhere")

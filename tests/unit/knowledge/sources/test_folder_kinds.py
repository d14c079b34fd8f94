"""A folder with every kind of document, good and bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge.documents import Document, SkippedFile, UnchangedDocument
from knowledge.sources.defaults import SourceDefaults
from knowledge.sources.folder import FolderSource
from knowledge.sources.openapi import OpenApiSource

MakePdf = Callable[[Sequence[str]], bytes]
MakeDocx = Callable[..., bytes]


def test_every_kind_is_read_and_every_bad_file_is_named(
    tmp_path: Path, make_pdf: MakePdf, make_docx: MakeDocx
) -> None:
    good = {
        "a.adoc": b"= A\n\ntext",
        "b.html": b"<h1>B</h1>text",
        "c.pdf": make_pdf(["text"]),
        "d.docx": make_docx("<w:p><w:r><w:t>text</w:t></w:r></w:p>"),
        "e.yaml": b"openapi: 3.0.0\npaths: {/x: {get: {summary: text}}}",
        "f.txt": "text".encode("utf-16"),
    }
    bad = {
        "g.pdf": b"",
        "h.docx": b"PK",
        "i.html": b"<p hidden>x",
        "j.md": b"---\naccess: [hr\n---\nx",
        "k.json": b'{"openapi": "3.0.0", "paths": }',
        "l.md": b"<!-- only a comment -->",
    }
    for name, data in {**good, **bad, "deployment.yaml": b"kind: Pod", "n.bin": b"x"}.items():
        (tmp_path / name).write_bytes(data)
    found = list(FolderSource(tmp_path).read({}))
    assert [one.path for one in found] == sorted({**good, **bad})
    assert {one.path for one in found if isinstance(one, SkippedFile)} == set(bad)
    assert all("text" in one.text for one in found if isinstance(one, Document))


def test_an_unchanged_pdf_is_not_converted_again(tmp_path: Path, make_pdf: MakePdf) -> None:
    (tmp_path / "c.pdf").write_bytes(make_pdf(["text"]))
    source = FolderSource(tmp_path)
    (first,) = source.read({})
    assert isinstance(first, Document)
    assert list(source.read({"c.pdf": first.sha256})) == [UnchangedDocument(path="c.pdf")]
    (again,) = source.read({"c.pdf": "0" * 64})
    assert again == first


def test_access_groups_of_a_folder_hold_for_all_and_are_only_narrowed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\naccess: [dba, everybody-else]\n---\ntext")
    (tmp_path / "b.md").write_text("---\naccess: public\n---\ntext")
    (tmp_path / "c.md").write_text("---\naccess: hr\n---\ntext")
    defaults = SourceDefaults(groups=frozenset({"dba", "sre"}))
    found = {one.path: one for one in FolderSource(tmp_path, defaults=defaults).read({})}
    groups = {path: one.metadata.groups for path, one in found.items() if isinstance(one, Document)}
    assert groups == {"a.md": {"dba"}, "b.md": {"dba", "sre"}}
    assert isinstance(found["c.md"], SkippedFile)


def test_files_named_as_descriptions_are_reported_when_they_are_none(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text("kind: Pod")
    (tmp_path / "readme.md").write_text("# not asked for")
    assert list(OpenApiSource(name="api", location=tmp_path).read({})) == [
        SkippedFile(path="pod.yaml", reason="no OpenAPI description")
    ]

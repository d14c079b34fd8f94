"""Exports of Confluence and Notion."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.documents import Document, SkippedFile
from knowledge.errors import SourceError
from knowledge.sources import Source
from knowledge.sources.defaults import SourceDefaults
from knowledge.sources.exports import contents
from knowledge.sources.exports.confluence import ConfluenceSource
from knowledge.sources.exports.confluence_storage import storage_to_html
from knowledge.sources.exports.notion import NotionSource

MakeZip = Callable[[Mapping[str, str | bytes]], bytes]
ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


def documents(source: Source) -> dict[str, Document]:
    return {one.path: one for one in source.read({}) if isinstance(one, Document)}


def skipped(source: Source) -> dict[str, str]:
    return {one.path: one.reason for one in source.read({}) if isinstance(one, SkippedFile)}


@pytest.fixture
def export(tmp_path: Path, make_zip: MakeZip) -> Callable[[Mapping[str, str | bytes]], Path]:
    def make(members: Mapping[str, str | bytes]) -> Path:
        file = tmp_path / "export.zip"
        file.write_bytes(make_zip(members))
        return file

    return make


Export = Callable[[Mapping[str, str | bytes]], Path]

NOTION = {
    f"Ops {ID}.md": "# Ops\n\nOwner: Database team\nStatus: Deprecated\n\nUse `pg_ctl`.\n",
    f"Ops {ID}/Hosts {OTHER}.csv": "Host\ndb-1\n",
    f"Ops {ID}/Hosts {OTHER}_all.csv": "Host,Role\ndb-1,primary\ndb-2,standby\n",
    f"Ops {ID}/picture.png": b"\x89PNG",
}


def test_notion_pages_lose_their_ids_and_keep_their_address(export: Export) -> None:
    found = documents(NotionSource(name="n", location=export(NOTION)))
    assert set(found) == {"Ops.md", "Ops/Hosts.csv"}
    page = found["Ops.md"].metadata
    assert page.url.endswith(ID)
    assert (page.owner, page.is_retired) == ("Database team", True)


def test_notion_tables_are_read_with_all_their_rows(export: Export) -> None:
    table = documents(NotionSource(name="n", location=export(NOTION)))["Ops/Hosts.csv"]
    assert table.text.endswith(
        "| Host | Role |\n| --- | --- |\n| db-1 | primary |\n| db-2 | standby |\n"
    )


def test_pages_of_one_name_keep_their_ids(export: Export) -> None:
    location = export({f"A {ID}.md": "one", f"A {OTHER}.md": "two"})
    assert set(documents(NotionSource(name="n", location=location))) == {
        f"A {ID}.md",
        f"A {OTHER}.md",
    }


def test_archives_in_the_archive_are_read_once_deep(export: Export, make_zip: MakeZip) -> None:
    inner = make_zip({f"A {ID}.md": "inside", "deeper.zip": make_zip({"b.md": "no"})})
    assert set(documents(NotionSource(name="n", location=export({"Part-1.zip": inner})))) == {
        "A.md"
    }


@pytest.mark.parametrize("name", ["../evil.md", "/etc/evil.md", "a/../../evil.md", "..\\evil.md"])
def test_names_that_lead_out_are_skipped(export: Export, name: str) -> None:
    source = NotionSource(name="n", location=export({name: "x", "good.md": "fine"}))
    assert set(documents(source)) == {"good.md"}
    assert set(skipped(source).values()) == {"its name leads out of the archive"}


def test_a_member_that_unpacks_beyond_measure_is_skipped(export: Export) -> None:
    source = NotionSource(name="n", location=export({"bomb.md": b" " * 30_000_000, "a.md": "x"}))
    assert skipped(source) == {"bomb.md": "unpacked larger than 2 MB"}
    assert set(documents(source)) == {"a.md"}


def test_an_archive_that_unpacks_beyond_measure_is_not_read_on(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MAX_TOTAL_BYTES", 10)
    source = NotionSource(name="n", location=export({"a.md": "x" * 20, "b.md": "y"}))
    assert set(documents(source)) == {"a.md"}
    assert "more than can be true" in skipped(source)["b.md"]


def test_an_encrypted_member_is_skipped_by_name(tmp_path: Path, make_zip: MakeZip) -> None:
    data = bytearray(make_zip({"a.md": "secret"}))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(mark) + offset] |= 1
    file = tmp_path / "e.zip"
    file.write_bytes(bytes(data))
    source = NotionSource(name="n", location=file)
    assert skipped(source) == {"a.md": "protected by a password"}


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x05\x06"])
def test_what_is_no_archive_is_an_error(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "e.zip"
    file.write_bytes(data)
    with pytest.raises(SourceError, match="zip archive"):
        list(NotionSource(name="n", location=file).read({}))


def test_a_folder_made_of_the_archive_reads_the_same(tmp_path: Path, export: Export) -> None:
    location = export(NOTION)
    with zipfile.ZipFile(location) as archive:
        archive.extractall(tmp_path / "out")
    packed = documents(NotionSource(name="n", location=location))
    assert documents(NotionSource(name="n", location=tmp_path / "out")) == packed


PAGE = """<html><head><title>OPS : Pool runbook</title></head><body>
<div id="main-header"><ol id="breadcrumbs"><li>OPS</li></ol></div>
<div class="page-metadata">Created by <span class='author'>Ana</span>,
last modified on <span>Jul 02, 2024</span></div>
<div id="main-content"><h2>Fix</h2><p>Run <code>kill_idle</code>.</p></div></body></html>"""


def test_confluence_pages_are_read_without_what_surrounds_them(export: Export) -> None:
    location = export({"OPS/index.html": "<p>index</p>", "OPS/Pool_12.html": PAGE})
    source = ConfluenceSource(name="c", location=location)
    assert skipped(source) == {}
    (page,) = documents(source).values()
    assert page.text == "## Fix\n\nRun `kill_idle`.\n"
    assert page.metadata.title == "Pool runbook"
    assert page.metadata.updated_at == datetime(2024, 7, 2, tzinfo=UTC)


def entity(kind: str, number: int, **properties: str) -> str:
    inner = "".join(
        f'<property name="{name}">{value}</property>' for name, value in properties.items()
    )
    return f'<object class="{kind}"><id name="id">{number}</id>{inner}</object>'


def ref(number: int) -> str:
    return f'<id name="id">{number}</id>'


CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>'
    "<ac:plain-text-body><![CDATA[kill <pid> && ok]] ></ac:plain-text-body></ac:structured-macro>"
)


def space(*objects: str) -> str:
    return f"<hibernate-generic>{''.join(objects)}</hibernate-generic>"


def body(number: int, content: int, text: str) -> str:
    return entity("BodyContent", number, body=f"<![CDATA[{text}]]>", content=ref(content))


SPACE = space(
    entity("Page", 1, title="Databases", lastModificationDate="2024-05-01 10:00:00.123"),
    entity("Page", 2, title="Pool/Idle", parent=ref(1), contentStatus="current"),
    entity("Page", 3, title="Old", originalVersion=ref(2)),
    entity("Page", 4, title="Draft", contentStatus="draft"),
    entity("Page", 5, title="Secret"),
    entity("Page", 6, title="Below", parent=ref(5)),
    body(11, 1, "<p>All databases.</p>"),
    body(12, 2, f"<h2>Fix</h2>{CODE}<p>then wait</p>"),
    body(13, 3, "<p>old</p>"),
    body(14, 4, "<p>draft</p>"),
    body(15, 5, "<p>password</p>"),
    body(16, 6, "<p>below</p>"),
    entity("ContentPermissionSet", 20, type="View", owningContent=ref(5)),
    entity("ContentPermissionSet", 21, type="Edit", owningContent=ref(1)),
)


def test_a_space_export_gives_the_current_pages_only(export: Export) -> None:
    source = ConfluenceSource(name="c", location=export({"entities.xml": SPACE}))
    found = documents(source)
    assert set(found) == {"Databases", "Databases/Pool-Idle"}
    text = found["Databases/Pool-Idle"].text
    assert text == "## Fix\n\n```bash\nkill <pid> && ok\n```\n\nthen wait\n"
    assert found["Databases"].metadata.updated_at == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_restricted_pages_and_those_below_are_never_taken_in(export: Export) -> None:
    source = ConfluenceSource(name="c", location=export({"entities.xml": SPACE}))
    assert set(skipped(source)) == {"Secret", "Secret/Below"}


def test_parents_in_a_circle_end(export: Export) -> None:
    circle = space(
        entity("Page", 1, title="A", parent=ref(2)),
        entity("Page", 2, title="B", parent=ref(1)),
        body(11, 1, "<p>x</p>"),
    )
    source = ConfluenceSource(name="c", location=export({"entities.xml": circle}))
    assert set(documents(source)) == {"B/A"}


@pytest.mark.parametrize(
    "xml", ['<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "<hibernate-generic>", ""]
)
def test_an_export_with_bad_xml_is_an_error_and_not_an_empty_one(export: Export, xml: str) -> None:
    with pytest.raises(SourceError, match=r"entities\.xml"):
        list(ConfluenceSource(name="c", location=export({"entities.xml": xml})).read({}))


def test_macros_without_end_lose_no_text() -> None:
    assert "rest" in storage_to_html("<p>a</p><ac:plain-text-body><![CDATA[rest")


def test_the_groups_of_the_source_hold_for_every_page(export: Export) -> None:
    defaults = SourceDefaults(groups=frozenset({"dba"}))
    source = ConfluenceSource(name="c", location=export({"entities.xml": SPACE}), defaults=defaults)
    assert {one.metadata.groups for one in documents(source).values()} == {frozenset({"dba"})}

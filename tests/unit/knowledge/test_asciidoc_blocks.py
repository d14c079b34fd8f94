"""AsciiDoc into blocks and chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.blocks import BlockKind, split_blocks
from knowledge.chunking import chunk_document
from knowledge.documents import Document, Format

TEXT = """= Pool guide
:owner: db
:toc:

Some words.

== Fix it

.Restart
[source,bash]
----
systemctl stop x

== not a heading
----

|===
| Host | Role

| db-1
| primary
|===

* one
+
----
inside
----
* two
** nested

Old style
---------

term:: meaning
. first
. second
"""


def blocks() -> list[tuple[BlockKind, str]]:
    lines = TEXT.split("\n")
    return [
        (block.kind, block.heading or lines[block.start])
        for block in split_blocks(lines, Format.ASCIIDOC)
    ]


def test_structure_is_seen() -> None:
    assert blocks() == [
        (BlockKind.HEADING, "Pool guide"),
        (BlockKind.PARAGRAPH, "Some words."),
        (BlockKind.HEADING, "Fix it"),
        (BlockKind.FENCE, ".Restart"),
        (BlockKind.TABLE, "|==="),
        (BlockKind.LIST, "* one"),
        (BlockKind.HEADING, "Old style"),
        (BlockKind.LIST, "term:: meaning"),
    ]


def test_listings_tables_and_lists_are_in_one_chunk_each() -> None:
    long = "word " * 200
    text = TEXT.replace("Some words.", long).replace("inside", "inside\n" + "x\n" * 100)
    document = Document(source="s", path="a.adoc", text=text, format=Format.ASCIIDOC, sha256="0")
    chunks = chunk_document(document)
    assert chunks[0].title == "Pool guide"
    for whole in ("systemctl stop x\n\n== not a heading\n----", "* one\n+\n----\ninside"):
        assert sum(whole in chunk.text for chunk in chunks) == 1


@given(st.text(alphabet="=-.*|+ ab:\n[]", max_size=200))
def test_blocks_never_overlap_and_lose_no_line(text: str) -> None:
    lines = text.split("\n")
    at = 0
    for block in split_blocks(lines, Format.ASCIIDOC):
        assert block.start >= at
        assert not "".join(lines[at : block.start]).strip()
        assert block.end > block.start
        at = block.end
    assert at <= len(lines)
    assert not "".join(lines[at:]).strip()

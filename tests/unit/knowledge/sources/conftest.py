"""Makes small documents of kinds that are not text, byte by byte."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import pytest

MakePdf: TypeAlias = Callable[[Sequence[str]], bytes]
MakeDocx: TypeAlias = Callable[..., bytes]
MakeZip: TypeAlias = Callable[[Mapping[str, str | bytes]], bytes]

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_STYLES = f"""<w:styles {_W}>
<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="H2"><w:name w:val="heading 2"/></w:style>
<w:style w:styleId="Code"><w:name w:val="Source Code"/></w:style></w:styles>"""
_NUMBERING = f"""<w:numbering {_W}>
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>"""
_CORE = """<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc" xmlns:dcterms="urn:t">
<dc:title>Failover guide</dc:title><dcterms:modified>2025-03-01T10:00:00Z</dcterms:modified>
</cp:coreProperties>"""


def pdf(contents: Sequence[str]) -> bytes:
    """A PDF with one content stream for each page."""
    first = 4
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(contents)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(contents)}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for n, content in enumerate(contents):
        objects.append(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
            f"/Resources<</Font<</F1 3 0 R>>>>/Contents {first + 2 * n + 1} 0 R>>"
        )
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
    start = out.tell()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    out.write(f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode())
    out.write(f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


@pytest.fixture
def raw_pdf() -> MakePdf:
    return pdf


@pytest.fixture
def make_pdf() -> MakePdf:
    def make(pages: Sequence[str]) -> bytes:
        return pdf([_shown(page) for page in pages])

    return make


def _shown(page: str) -> str:
    lines = "".join(f"({line}) Tj T* " for line in page.split("\n"))
    return f"BT /F1 12 Tf 14 TL 72 720 Td {lines}ET" if page else ""


def archive(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in members.items():
            written.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def make_zip() -> MakeZip:
    return archive


@pytest.fixture
def make_docx() -> MakeDocx:
    def make(body: str, **more: str | bytes) -> bytes:
        return archive(
            {
                "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
                "word/styles.xml": _STYLES,
                "word/numbering.xml": _NUMBERING,
                "docProps/core.xml": _CORE,
                **more,
            }
        )

    return make

"""The bytes of a file into a document's text, by the kind its name tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TypeAlias

from ...documents import Format
from ...errors import UnusableDocumentError
from ..comments import without_comments
from ..decoding import decode
from ..front_matter import declared
from ..limits import MAX_BYTES, MAX_MARKED_UP_BYTES, MAX_PACKED_BYTES
from .docx import docx_to_markdown
from .html_markdown import html_fields, html_to_markdown
from .openapi import is_openapi, openapi_to_markdown
from .pdf import pdf_to_markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a file says.

    Attributes:
        text: What is indexed and cited by line.
        fields: What it declares of itself, as `front_matter.declared` gives it.
    """

    text: str
    format: Format
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


Converter: TypeAlias = Callable[[bytes], Converted | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """How files of one suffix are read.

    Attributes:
        max_bytes: Larger ones are not read.
        is_slow: Reading one takes so long that unchanged ones are better not read again.
    """

    convert: Converter
    max_bytes: int = MAX_BYTES
    is_slow: bool = False


def _plain(format_: Format) -> Converter:
    def convert(data: bytes) -> Converted:
        text = decode(data)
        fields = declared(text, format_)
        shown = without_comments(text, format_)
        if not shown.strip():
            raise UnusableDocumentError("empty: only comments in it")
        return Converted(text=shown, format=format_, fields=fields)

    return convert


def _html(data: bytes) -> Converted:
    page = decode(data)
    text = html_to_markdown(page)
    if not text.strip():
        raise UnusableDocumentError("empty: no text that people can see")
    return Converted(text=text, format=Format.MARKDOWN, fields=html_fields(page))


def _pdf(data: bytes) -> Converted:
    if not data.strip():
        raise UnusableDocumentError("empty")
    text, fields = pdf_to_markdown(data)
    return Converted(text=text, format=Format.MARKDOWN, fields=fields)


def _docx(data: bytes) -> Converted:
    if not data.strip():
        raise UnusableDocumentError("empty")
    text, fields = docx_to_markdown(data)
    return Converted(text=text, format=Format.MARKDOWN, fields=fields)


def _described(*, is_json: bool) -> Converter:
    """YAML and JSON files are documents only when they describe an API."""

    def convert(data: bytes) -> Converted | None:
        try:
            source = decode(data)
        except UnusableDocumentError:
            return None
        if not is_openapi(source):
            return None
        text, fields = openapi_to_markdown(source, is_json=is_json)
        return Converted(text=text, format=Format.MARKDOWN, fields=fields)

    return convert


def _kinds() -> dict[str, FileKind]:
    markdown, text = (
        FileKind(convert=_plain(Format.MARKDOWN)),
        FileKind(convert=_plain(Format.TEXT)),
    )
    rst, asciidoc = FileKind(convert=_plain(Format.RST)), FileKind(convert=_plain(Format.ASCIIDOC))
    html = FileKind(convert=_html, max_bytes=MAX_MARKED_UP_BYTES)
    yaml = FileKind(convert=_described(is_json=False), max_bytes=MAX_MARKED_UP_BYTES)
    return {
        **dict.fromkeys((".md", ".markdown", ".mdx"), markdown),
        **dict.fromkeys((".txt", ".text"), text),
        ".rst": rst,
        **dict.fromkeys((".adoc", ".asciidoc", ".asc"), asciidoc),
        **dict.fromkeys((".html", ".htm", ".xhtml"), html),
        ".pdf": FileKind(convert=_pdf, max_bytes=MAX_PACKED_BYTES, is_slow=True),
        ".docx": FileKind(convert=_docx, max_bytes=MAX_PACKED_BYTES),
        **dict.fromkeys((".yaml", ".yml"), yaml),
        ".json": FileKind(convert=_described(is_json=True), max_bytes=MAX_MARKED_UP_BYTES),
    }


KINDS: Mapping[str, FileKind] = MappingProxyType(_kinds())
"""By lower-case suffix."""

DESCRIPTIONS = frozenset({".yaml", ".yml", ".json"})
"""Suffixes of files of which most are no documents."""


def kind_of(path: str) -> FileKind | None:
    """How the file of this name is read; None when it is no document."""
    return KINDS.get(PurePosixPath(path).suffix.lower())

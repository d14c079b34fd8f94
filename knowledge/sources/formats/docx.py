"""DOCX into Markdown: headings, lists, tables and code; no comments, no deleted or hidden text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ...errors import UnusableDocumentError
from ..decoding import visible
from .markdown_writer import MarkdownWriter
from .package_file import opened, read_member

_MAX_PART_BYTES = 30_000_000
_OLE_MARK = b"\xd0\xcf\x11\xe0"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_LOOSE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEADING = re.compile(r"^(?:heading|überschrift|titre|título|标题)\s*(\d)", re.IGNORECASE)
_CODE = re.compile(r"code|source|preformatted|verbatim|console|terminal", re.IGNORECASE)
_PASSED_OVER = frozenset(
    {f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "sectPr", "footnoteReference")}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_MAX_DEPTH = 100
_LEAST_HALF_POINTS = 3
_DOCUMENT = "word/document.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Styles:
    """What paragraph styles mean: id -> name, and id -> outline level from 1."""

    names: Mapping[str, str]
    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """Whether a list numbers its items: (list id, depth) -> numbered."""

    numbered: Mapping[tuple[str, str], bool]


def docx_to_markdown(data: bytes) -> tuple[str, Mapping[str, object]]:
    """The text of a DOCX file and what it declares of itself.

    Raises:
        UnusableDocumentError: It is protected, damaged, too large, or holds no text.
    """
    if data.startswith(_OLE_MARK):
        raise UnusableDocumentError("protected by a password, or of the older DOC kind")
    with opened(data) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if _DOCUMENT not in members:
            raise UnusableDocumentError("damaged: no Word document in it")

        def part(name: str) -> Element | None:
            member = members.get(name)
            return None if member is None else _xml(read_member(archive, member, _MAX_PART_BYTES))

        root = part(_DOCUMENT)
        body = root.find(f"{_W}body") if root is not None else None
        if body is None:
            raise UnusableDocumentError("damaged: its body is missing")
        reader = _Reader(_styles(part("word/styles.xml")), _lists(part("word/numbering.xml")))
        text = reader.read(body)
        fields = _fields(part("docProps/core.xml"))
    if not text.strip():
        raise UnusableDocumentError("empty: no text in it")
    return text, fields


def _xml(data: bytes) -> Element:
    try:
        return fromstring(data.replace(_STRICT.encode(), _LOOSE.encode()), forbid_dtd=True)
    except DefusedXmlException as exc:
        raise UnusableDocumentError("it declares XML entities, which no document needs") from exc
    except (ParseError, ValueError, LookupError) as exc:
        raise UnusableDocumentError("damaged: its XML cannot be read") from exc


def _styles(root: Element | None) -> _Styles:
    names: dict[str, str] = {}
    levels: dict[str, int] = {}
    for style in root.iter(f"{_W}style") if root is not None else ():
        style_id = style.get(f"{_W}styleId", "")
        name = _value(style.find(f"{_W}name"))
        names[style_id] = name
        outline = _value(style.find(f"{_W}pPr/{_W}outlineLvl"))
        if match := _HEADING.match(name):
            levels[style_id] = int(match[1])
        elif name.lower() == "title":
            levels[style_id] = 1
        elif outline.isdecimal() and int(outline) < len("123456"):
            levels[style_id] = int(outline) + 1
    return _Styles(names=names, levels=levels)


def _lists(root: Element | None) -> _Lists:
    if root is None:
        return _Lists(numbered={})
    abstract = {
        (one.get(f"{_W}abstractNumId", ""), level.get(f"{_W}ilvl", "")): _value(
            level.find(f"{_W}numFmt")
        )
        for one in root.iter(f"{_W}abstractNum")
        for level in one.iter(f"{_W}lvl")
    }
    numbered: dict[tuple[str, str], bool] = {}
    for one in root.iter(f"{_W}num"):
        meant = _value(one.find(f"{_W}abstractNumId"))
        for (number, level), form in abstract.items():
            if number == meant:
                numbered[one.get(f"{_W}numId", ""), level] = form not in {"bullet", "none"}
    return _Lists(numbered=numbered)


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(f"{_W}val", "")


class _Reader:
    """Writes the blocks of a body in their order."""

    def __init__(self, styles: _Styles, lists: _Lists) -> None:
        self._styles = styles
        self._lists = lists
        self._writer = MarkdownWriter()
        self._code: list[str] = []
        self._numbers: dict[tuple[str, int], int] = {}

    def read(self, body: Element) -> str:
        for block in _blocks(body):
            if block.tag == f"{_W}tbl":
                self._end_code()
                self._writer.table(_rows(block))
            else:
                self._paragraph(block)
        self._end_code()
        return self._writer.text()

    def _paragraph(self, paragraph: Element) -> None:
        style = _value(paragraph.find(f"{_W}pPr/{_W}pStyle"))
        name = self._styles.names.get(style, style)
        text = _text(paragraph)
        if _CODE.search(name):
            self._code.append(text)
            return
        self._end_code()
        level = self._styles.levels.get(style, 0)
        if level:
            self._writer.heading(level, text)
            return
        number = paragraph.find(f"{_W}pPr/{_W}numPr")
        if number is not None or name.lower().startswith("list "):
            self._item(number, name, text)
        else:
            self._writer.paragraph(text)

    def _item(self, number: Element | None, style_name: str, text: str) -> None:
        list_id = _value(number.find(f"{_W}numId")) if number is not None else ""
        level = _value(number.find(f"{_W}ilvl")) if number is not None else "0"
        depth = int(level) if level.isdecimal() else 0
        is_numbered = self._lists.numbered.get(
            (list_id, str(depth)), "number" in style_name.lower()
        )
        marker = "-"
        if is_numbered:
            count = self._numbers.get((list_id, depth), 0) + 1
            self._numbers[list_id, depth] = count
            marker = f"{count}."
        for deeper in [key for key in self._numbers if key[0] == list_id and key[1] > depth]:
            del self._numbers[deeper]
        self._writer.item(depth, marker, text)

    def _end_code(self) -> None:
        self._writer.fence("\n".join(self._code))
        self._code.clear()


def _blocks(parent: Element, depth: int = 0) -> Iterator[Element]:
    """Paragraphs and tables, those inside content controls and insertions too."""
    if depth > _MAX_DEPTH:
        raise UnusableDocumentError(f"its parts are nested more than {_MAX_DEPTH} deep")
    for child in parent:
        if child.tag in {f"{_W}p", f"{_W}tbl"}:
            yield child
        elif child.tag not in _PASSED_OVER:
            yield from _blocks(child, depth + 1)


def _rows(table: Element) -> list[list[str]]:
    """The cells' texts; in a head row or a shaded cell, white is the colour to write in."""
    return [
        [
            " ".join(_text(cell, on_white=at > 0 and not _is_shaded(cell)).split())
            for cell in _within(row, f"{_W}tc")
        ]
        for at, row in enumerate(_within(table, f"{_W}tr"))
    ]


def _is_shaded(cell: Element) -> bool:
    return cell.find(f"{_W}tcPr/{_W}shd") is not None


def _within(parent: Element, tag: str) -> Iterator[Element]:
    """Elements of a kind, not those inside one another."""
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        if element.tag == tag:
            yield element
        else:
            waiting.extend(reversed(element))


def _text(block: Element, *, on_white: bool = True) -> str:
    """What is seen of a paragraph or cell, in its order."""
    parts: list[str] = []
    waiting = list(reversed(block))
    while waiting:
        element = waiting.pop()
        if element.tag in _PASSED_OVER or _is_hidden(element, on_white=on_white):
            continue
        if element.tag == f"{_W}t":
            parts.append(element.text or "")
        elif element.tag == f"{_W}tab":
            parts.append("\t")
        elif element.tag in {f"{_W}br", f"{_W}cr"} or (element.tag == f"{_W}p" and parts):
            parts.append("\n")
        waiting.extend(reversed(element))
    return visible("".join(parts)).strip("\n")


def _is_hidden(run: Element, *, on_white: bool) -> bool:
    """Whether a run is set hidden, too small to read, or white on the white page."""
    if run.tag != f"{_W}r" or (properties := run.find(f"{_W}rPr")) is None:
        return False
    for name in ("vanish", "webHidden"):
        switch = properties.find(f"{_W}{name}")
        if switch is not None and _value(switch) not in {"0", "false", "off"}:
            return True
    size = _value(properties.find(f"{_W}sz"))
    if size.isdecimal() and int(size) < _LEAST_HALF_POINTS:
        return True
    is_white = on_white and _value(properties.find(f"{_W}color")).upper() == "FFFFFF"
    shaded = (
        properties.find(f"{_W}shd") is not None or properties.find(f"{_W}highlight") is not None
    )
    return is_white and not shaded


def _fields(root: Element | None) -> Mapping[str, object]:
    found = {element.tag.rpartition("}")[2]: element.text or "" for element in root or ()}
    fields: dict[str, object] = {"last_modified": found.get("modified", "")}
    if found.get("title", "").strip():
        fields["title"] = found["title"]
    if found.get("contentStatus", "").strip():
        fields["status"] = found["contentStatus"]
    return fields

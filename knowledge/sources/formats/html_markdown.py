"""HTML into Markdown: what people see, with its headings, lists, tables and code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from . import html_tree
from .markdown_writer import MarkdownWriter

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "details",
        "div",
        "dl",
        "dd",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LAYOUT_IN_TABLE = "table table, pre, h1, h2, h3, h4"
_EMPTY_LINK = re.compile(r"\[\s*\]\([^)\s]*\)")
_ANCHORS = frozenset({"#", "¶", "\N{LINK SYMBOL}", "§"})
_LINE_NUMBERS = re.compile(r"^[\d\s]*$")
_LANGUAGE = re.compile(r"(?:language|lang|highlight|brush)[-:]\s*([\w+#-]{1,20})")
_ROOTS = ("main", "[role=main]", "#main-content", "article")
_META = ("author", "owner", "team", "service", "date", "last-modified", "status", "access", "groups",
         "review-by", "expires")  # fmt: skip
_MAX_META = 60


@dataclass(slots=True)
class _List:
    """A list that is open: numbered from `number`, or with bullets when that is None."""

    number: int | None


def html_to_markdown(html: str) -> str:
    """What people see of a page.

    Raises:
        UnusableDocumentError: It is nested too deeply, or its text is too long.
    """
    page = html_tree.parse(html)
    return page_to_markdown(page, _root(page))


def page_to_markdown(page: LexborHTMLParser, root: LexborNode | None) -> str:
    """What people see of one element of a page that was read."""
    if root is None:
        return ""
    return _Converter(html_tree.unseen_by_stylesheet(page)).convert(root)


def html_fields(html: str) -> Mapping[str, object]:
    """What the head of a page declares, as front matter would."""
    head = html[: html.lower().find("<body")] if "<body" in html.lower() else html[:20_000]
    page = html_tree.parse(head)
    fields: dict[str, object] = {}
    for meta in page.css("meta")[:_MAX_META]:
        name = (meta.attributes.get("name") or "").lower()
        if name in _META:
            fields.setdefault(name.replace("-", "_"), meta.attributes.get("content") or "")
    title = page.css_first("title")
    if title is not None and title.text().strip():
        fields["title"] = " ".join(title.text().split())
    return fields


def _root(page: LexborHTMLParser) -> LexborNode | None:
    """The one element that holds the content, else the whole body."""
    for selector in _ROOTS:
        found = page.css(selector)
        if len(found) == 1:
            return found[0]
    return page.body


class _Converter:
    """Follows the page and writes what it meets."""

    def __init__(self, hidden: frozenset[int]) -> None:
        self._hidden = hidden
        self._writer = MarkdownWriter()
        self._inline: list[str] = []
        self._lists: list[_List] = []
        self._marker = ""

    def convert(self, root: LexborNode) -> str:
        html_tree.walk(root, self._enter, self._leave)
        self._flush()
        return self._writer.text()

    def _enter(self, node: LexborNode) -> bool:
        """Begin an element; whether what is inside is still to be visited."""
        if node.is_text_node:
            self._inline.append(re.sub(r"\s+", " ", node.text_content or ""))
            return False
        if not node.is_element_node or not html_tree.is_seen(node, self._hidden):
            return False
        tag = node.tag or ""
        if tag == "a" and node.text().strip() in _ANCHORS:
            return False
        if tag == "br":
            self._inline.append("\n")
            return False
        if tag == "pre":
            self._fence(node)
            return False
        if tag == "table" and node.css_first(_LAYOUT_IN_TABLE) is None:
            self._table(node)
            return False
        self._begin(tag, node)
        return True

    def _begin(self, tag: str, node: LexborNode) -> None:
        if tag in _BLOCKS or tag in _HEADINGS:
            self._flush()
        if tag in {"ul", "ol"}:
            self._lists.append(_List(number=1 if tag == "ol" else None))
        elif tag in {"li", "dd"}:
            self._marker = self._next_marker()
        elif tag == "code":
            self._inline.append("`")
        elif tag == "a" and _address(node):
            self._inline.append("[")

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _HEADINGS:
            self._writer.heading(_HEADINGS[tag], self._taken())
        elif tag in _BLOCKS:
            self._flush()
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "code":
            self._end_code()
        elif tag == "a" and _address(node):
            self._inline.append(f"]({_address(node)})")

    def _end_code(self) -> None:
        if self._inline and self._inline[-1] == "`":
            self._inline.pop()  # there was nothing to see in it
        else:
            self._inline.append("`")

    def _next_marker(self) -> str:
        current = self._lists[-1] if self._lists else _List(number=None)
        if current.number is None:
            return "-"
        current.number += 1
        return f"{current.number - 1}."

    def _taken(self) -> str:
        """The running text so far, which is thereby over."""
        text = _EMPTY_LINK.sub("", "".join(self._inline))
        self._inline.clear()
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()

    def _flush(self) -> None:
        text = self._taken()
        if not text:
            return
        if self._lists or self._marker:
            self._writer.item(max(len(self._lists) - 1, 0), self._marker, text)
            self._marker = ""
        else:
            self._writer.paragraph(text)

    def _fence(self, node: LexborNode) -> None:
        self._flush()
        text = html_tree.seen_text(node, self._hidden)
        if not _LINE_NUMBERS.match(text):
            self._writer.fence(text, _language(node))

    def _table(self, node: LexborNode) -> None:
        self._flush()
        caption = node.css_first("caption")
        if caption is not None:
            self._writer.paragraph(self._cell(caption))
        self._writer.table(
            [
                [self._cell(cell) for cell in _cells(row)]
                for row in node.css("tr")
                if self._is_seen(row)
            ]
        )

    def _is_seen(self, row: LexborNode) -> bool:
        group = row.parent
        return html_tree.is_seen(row, self._hidden) and (
            group is None or html_tree.is_seen(group, self._hidden)
        )

    def _cell(self, cell: LexborNode) -> str:
        return " ".join(html_tree.seen_text(cell, self._hidden, mark="`", between=" ").split())


def _cells(row: LexborNode) -> list[LexborNode]:
    cells: list[LexborNode] = []
    cell = row.child
    while cell is not None:
        if cell.tag in {"td", "th"}:
            cells.append(cell)
        cell = cell.next
    return cells


def _address(link: LexborNode) -> str:
    """Where a link leads, if that means something outside the page."""
    address = link.attributes.get("href") or ""
    return address if re.match(r"https?://[^\s()<>]+$", address) else ""


def _language(node: LexborNode) -> str:
    inner = node.css_first("code")
    nodes = [node, *([inner] if inner is not None else [])]
    for one in nodes:
        stated = " ".join(value or "" for value in one.attributes.values())
        if match := _LANGUAGE.search(stated):
            return match[1]
    return ""

"""Takes out what a reader of the rendered document would not see; line numbers stay as they are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from ..documents import Format

_HIDDEN = re.compile(
    r"(?P<comment><!--)|(?P<mdx>\{/\*)"
    r"|<(?P<unseen>script|style|template)\b[^<>]{0,500}>"
    r"|<(?P<element>div|span|p|section|small|font)\b[^<>]{0,500}?"
    r"(?:\shidden(?=[\s>=/])|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0)"
    r"[^<>]{0,500}>"
    r"|^[ ]{0,3}\[(?://|comment|_|\#)\]:(?P<rest>)",
    re.IGNORECASE | re.MULTILINE,
)
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_IN_PARAGRAPH = frozenset({"p", "span", "small", "font"})
_INDENT = 3
_LONGEST_LINE = 2000
_FENCE = re.compile(r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}|~{3,})")
_RST_COMMENT = re.compile(r"^(\s*)\.\.(?:\s+(?!\[|_|\||[\w:+.-]+::).*)?$")
_ASCIIDOC_FENCE = re.compile(r"^(?:-{4,}|\.{4,}|`{3,}|\+{4,})\s*$")
_ASCIIDOC_COMMENT = re.compile(r"^/{4,}\s*$")


def without_comments(text: str, format_: Format) -> str:
    """The text with comments and hidden elements blanked; code keeps what looks like one."""
    if format_ is Format.MARKDOWN:
        return _markdown(text)
    if format_ is Format.RST:
        return "\n".join(_rst(text.split("\n")))
    if format_ is Format.ASCIIDOC:
        return "\n".join(_asciidoc(text.split("\n")))
    return text


def _markdown(text: str) -> str:
    if "<" not in text and "{/*" not in text and "]:" not in text:
        return text
    code = _code_places(text)
    starts = [start for start, _ in code]
    last = {mark: text.rfind(mark) for mark in ("-->", "*/}")}
    kept: list[str] = []
    at = 0
    while match := _HIDDEN.search(text, at):
        place = bisect_right(starts, match.start()) - 1
        if place >= 0 and match.start() < code[place][1]:
            kept.append(text[at : match.end()])
            at = match.end()
            continue
        end = _hidden_end(text, match, last)
        if end is None:
            kept.append(text[at : match.end()])
            at = match.end()
            continue
        kept += [text[at : match.start()], "\n" * text.count("\n", match.start(), end)]
        at = end
    return "".join([*kept, text[at:]])


def _hidden_end(text: str, match: re.Match[str], last: Mapping[str, int]) -> int | None:
    """Offset behind what begins to be hidden; None when it is text after all.

    Args:
        last: Offset of the last of each mark that ends a comment, -1 for none.
    """
    if match["comment"] or match["mdx"]:
        mark = "-->" if match["comment"] else "*/}"
        if last[mark] >= match.end():
            return text.index(mark, match.end()) + len(mark)
        before = text[max(match.start() - _INDENT - 1, 0) : match.start()].rpartition("\n")[2]
        begins_line = not before.strip() and len(before) <= _INDENT
        return len(text) if match["comment"] and begins_line else None
    if match["rest"] is not None:
        return _found(text, "\n", match.end())
    return _element_end(text, match)


def _element_end(text: str, match: re.Match[str]) -> int:
    """Behind the end tag; where there is none, the end of the paragraph or of the text."""
    tag = (match["unseen"] or match["element"]).lower()
    limit = _found(text, "\n\n", match.end()) if tag in _IN_PARAGRAPH else len(text)
    depth = 1
    marks = re.compile(rf"<(/?){tag}\b[^<>]*>", re.IGNORECASE)
    for mark in marks.finditer(text, match.end(), limit):
        depth += -1 if mark[1] else 1
        if not depth:
            return mark.end()
    return limit


def _found(text: str, mark: str, start: int) -> int:
    at = text.find(mark, start)
    return len(text) if at < 0 else at


def _code_places(text: str) -> list[tuple[int, int]]:
    """Half-open offsets of fenced lines and code spans, in order, none within another."""
    places: list[tuple[int, int]] = []
    offset = 0
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if fence:
            places.append((offset, offset + len(line)))
            if match and match[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif match:
            fence = match[1]
        elif "`" in line and len(line) <= _LONGEST_LINE:
            places += [
                (offset + one.start(), offset + one.end()) for one in _CODE_SPAN.finditer(line)
            ]
        offset += len(line) + 1
    return places


def _rst(lines: list[str]) -> Iterator[str]:
    """Explicit markup that is no directive, target, note or substitution, with its indented rest."""
    margin: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if margin is not None and line.strip() and indent <= margin:
            margin = None
        if margin is None and (match := _RST_COMMENT.match(line)):
            margin = len(match[1])
        yield "" if margin is not None else line


def _asciidoc(lines: list[str]) -> Iterator[str]:
    """Lines behind `//` and blocks between `////`, outside of listings."""
    fence = ""
    for line in lines:
        mark = line.strip()
        if fence:
            is_comment = fence.startswith("/")
            fence = "" if mark == fence else fence
            yield "" if is_comment else line
        elif _ASCIIDOC_COMMENT.match(line):
            fence = mark
            yield ""
        else:
            if _ASCIIDOC_FENCE.match(line):
                fence = mark
            yield "" if line.startswith("//") else line

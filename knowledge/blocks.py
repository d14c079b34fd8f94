"""A document's lines as blocks that must stay whole: headings, fences, lists, tables, paragraphs.

Line based and forgiving: whatever is not recognised is a paragraph, so no text is ever lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from .asciidoc_blocks import asciidoc_blocks
from .block import Block, BlockKind
from .documents import Format

__all__ = ["Block", "BlockKind", "plain_heading", "split_blocks"]


_ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})(.*)$")
_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d{1,3}[.)]|#\.)\s+\S")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+.:_<>])\1{2,}\s*$")
_RST_TABLE = re.compile(r"^\s*(\+[-=+]{3,}\+|={2,}( +={2,})+)\s*$")
_DIRECTIVE = re.compile(
    r"^\.\. (code-block|sourcecode|code|parsed-literal|prompt|highlight"
    r"|list-table|csv-table|table)::"
)
_MARKDOWN_UNDERLINES = {"=": 1, "-": 2}
_INLINE_MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|\[([^\]]*)\]\([^)]*\)|\*\*|__|`|<[^<>]{1,80}>")
_ANCHOR = re.compile(r"\s*\{[#:.][^{}]*\}\s*$")


def split_blocks(lines: Sequence[str], format_: Format) -> list[Block]:
    """Cut a document into consecutive blocks; blank lines between them belong to none."""
    if format_ is Format.ASCIIDOC:
        return list(asciidoc_blocks(lines))
    return list(_Reader(lines, format_).blocks())


def plain_heading(text: str) -> str:
    """A heading without links, emphasis, code marks and anchors."""
    text = _ANCHOR.sub("", text)
    return " ".join(_INLINE_MARKUP.sub(lambda match: match[1] or "", text).split())


class _Reader:
    """Walks the lines once; every method takes an index and returns the block that starts there."""

    def __init__(self, lines: Sequence[str], format_: Format) -> None:
        self._lines = lines
        self._format = format_
        self._underlines: dict[str, int] = (
            dict(_MARKDOWN_UNDERLINES) if format_ is Format.MARKDOWN else {}
        )

    def blocks(self) -> Iterator[Block]:
        at = 0
        while at < len(self._lines):
            if not self._lines[at].strip():
                at += 1
                continue
            block = self._block(at)
            yield block
            at = block.end

    def _block(self, at: int) -> Block:
        for reader in (self._front_matter, self._heading, self._fence, self._table, self._list):
            block = reader(at)
            if block is not None:
                return block
        return self._paragraph(at)

    def _is_markup(self) -> bool:
        return self._format is not Format.TEXT

    def _front_matter(self, at: int) -> Block | None:
        """What stands between two rules at the very beginning; before a blank line a rule is one."""
        if at or self._format is not Format.MARKDOWN or self._lines[0].rstrip() != "---":
            return None
        if not "".join(self._lines[1:2]).strip():
            return None
        for end in range(1, min(len(self._lines), 200)):
            if self._lines[end].rstrip() in {"---", "..."}:
                return Block(kind=BlockKind.FRONT_MATTER, start=0, end=end + 1)
        return None

    def _heading(self, at: int) -> Block | None:
        if self._format is Format.MARKDOWN and (match := _ATX.match(self._lines[at])):
            text = plain_heading(match[2] or "")
            return Block(
                kind=BlockKind.HEADING, start=at, end=at + 1, level=len(match[1]), heading=text
            )
        return self._overlined(at) or self._underlined(at)

    def _overlined(self, at: int) -> Block | None:
        """A reStructuredText heading between two equal lines."""
        if self._format is not Format.RST or at + 2 >= len(self._lines):
            return None
        over, text, under = (self._lines[at + offset].rstrip() for offset in range(3))
        if not (_UNDERLINE.match(over) and over == under and text.strip()):
            return None
        level = self._underlines.setdefault(over[0] * 2, len(self._underlines) + 1)
        heading = plain_heading(text)
        return Block(kind=BlockKind.HEADING, start=at, end=at + 3, level=level, heading=heading)

    def _underlined(self, at: int) -> Block | None:
        if not self._is_markup() or at + 1 >= len(self._lines):
            return None
        text, under = self._lines[at].rstrip(), self._lines[at + 1].rstrip()
        if not _UNDERLINE.match(under) or _is_structural(text):
            return None
        if self._format is Format.MARKDOWN:
            level = self._underlines.get(under[0])
        elif len(under) + 2 >= len(text):
            level = self._underlines.setdefault(under[0], len(self._underlines) + 1)
        else:
            level = None
        if level is None:
            return None
        heading = plain_heading(text)
        return Block(kind=BlockKind.HEADING, start=at, end=at + 2, level=level, heading=heading)

    def _fence(self, at: int) -> Block | None:
        if self._format is Format.RST:
            return self._directive(at)
        match = _FENCE.match(self._lines[at]) if self._format is Format.MARKDOWN else None
        if match is None or (match[2][0] == "`" and "`" in match[3]):
            return None
        return Block(kind=BlockKind.FENCE, start=at, end=self._fence_end(at, match[2]))

    def _directive(self, at: int) -> Block | None:
        """A reStructuredText directive whose content is verbatim or a table, with that content."""
        match = _DIRECTIVE.match(self._lines[at])
        if match is None:
            return None
        kind = BlockKind.TABLE if match[1].endswith("table") else BlockKind.FENCE
        return Block(kind=kind, start=at, end=max(self._indented_end(at + 1), at + 1))

    def _fence_end(self, at: int, mark: str) -> int:
        for end in range(at + 1, len(self._lines)):
            line = self._lines[end].strip()
            if len(line) >= len(mark) and set(line) == {mark[0]}:
                return end + 1
        return len(self._lines)

    def _table(self, at: int) -> Block | None:
        following = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        piped = "|" in self._lines[at] and "|" in following and _TABLE_RULE.match(following)
        if piped and self._format is Format.MARKDOWN:
            end = self._run_end(at, lambda line: "|" in line)
            return Block(kind=BlockKind.TABLE, start=at, end=end)
        if self._format is Format.RST and _RST_TABLE.match(self._lines[at]):
            return Block(kind=BlockKind.TABLE, start=at, end=self._next_blank(at))
        return None

    def _list(self, at: int) -> Block | None:
        """Items with whatever is indented under them, fences and blank lines included."""
        match = _ITEM.match(self._lines[at])
        if match is None:
            return None
        margin, end, here = len(match[1]), at + 1, at + 1
        while here < len(self._lines):
            line = self._lines[here]
            if line.strip() and not self._continues(line, margin, after_blank=here > end):
                break
            fence = self._fence(here)
            here = fence.end if fence else here + 1
            if line.strip():
                end = here
        return Block(kind=BlockKind.LIST, start=at, end=end)

    def _continues(self, line: str, margin: int, *, after_blank: bool) -> bool:
        indent = len(line) - len(line.lstrip())
        if indent > margin or _ITEM.match(line):
            return True
        return not after_blank and not _is_structural(line)

    def _paragraph(self, at: int) -> Block:
        """Lines up to a blank one or to the start of something else; `x::` keeps its literal."""
        end = at + 1
        while end < len(self._lines) and self._lines[end].strip():
            if _is_structural(self._lines[end]) and self._is_markup():
                break
            if self._underlined(end):
                break
            end += 1
        if self._format is Format.RST and self._lines[end - 1].rstrip().endswith("::"):
            literal_end = self._indented_end(end)
            if literal_end > end:
                return Block(kind=BlockKind.FENCE, start=at, end=literal_end)
        return Block(kind=BlockKind.PARAGRAPH, start=at, end=end)

    def _indented_end(self, at: int) -> int:
        end = at
        for here in range(at, len(self._lines)):
            line = self._lines[here]
            if line.strip() and not line[0].isspace():
                break
            if line.strip():
                end = here + 1
        return end

    def _next_blank(self, at: int) -> int:
        return self._run_end(at, lambda line: bool(line.strip()))

    def _run_end(self, at: int, belongs: Callable[[str], bool]) -> int:
        end = at
        while end < len(self._lines) and belongs(self._lines[end]):
            end += 1
        return end


def _is_structural(line: str) -> bool:
    """Whether a line can only begin a block of its own."""
    return bool(not line.strip() or _ATX.match(line) or _FENCE.match(line) or _ITEM.match(line))

"""The blocks of an AsciiDoc document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .block import Block, BlockKind

_HEADING = re.compile(r"^(={1,6}|#{1,6})\s+(\S.*?)(?:\s+\1)?\s*$")
_UNDERLINES = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_VERBATIM = re.compile(r"^(-{4,}|\.{4,}|\+{4,}|`{3,})(?:\w[\w+-]*)?\s*$")
_TABLE = re.compile(r"^([|,:!]===+)\s*$")
_ITEM = re.compile(r"^\s*(?:\*{1,5}|-|\.{1,5}|\d{1,3}\.|[a-z]\.|<\d{1,2}>|<\.>)\s+\S")
_TERM = re.compile(r"^\s*\S.{0,200}?(?:::{1,3}|;;)(?:\s+\S.*)?$")
_ATTRIBUTE_ENTRY = re.compile(r"^:!?[\w-]+!?:(?:\s.*)?$")
_BLOCK_NOTE = re.compile(r"^(?:\[[^\]]*\]|\.[A-Za-z][^.].*)\s*$")
_MARKUP = re.compile(
    r"(?:link|xref|https?):[^\s\[]*\[([^\]]*)\]|<<[^,<>]*,?\s*([^<>]*)>>|\[\[[^\]]*\]\]|[`*_]{1,2}"
)
_LEAST_UNDERLINE = 3
_MOST_OFF = 1


def asciidoc_blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Consecutive blocks; blank lines and delimiters of sections that only frame belong to some."""
    reader = _Reader(lines)
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        block = reader.block(at)
        yield block
        at = block.end


class _Reader:
    """Every method takes an index and returns the block that starts there."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def block(self, at: int) -> Block:
        heading = self._heading(at)
        if heading is not None:
            return heading
        start = at
        while _BLOCK_NOTE.match(self._line(at)) and self._line(at + 1).strip():
            at += 1  # a title or attributes stay with the block they are of
        for kind, end in (
            (BlockKind.FENCE, self._delimited_end(at, _VERBATIM)),
            (BlockKind.TABLE, self._delimited_end(at, _TABLE)),
            (BlockKind.LIST, self._list_end(at)),
        ):
            if end is not None:
                return Block(kind=kind, start=start, end=end)
        return Block(kind=BlockKind.PARAGRAPH, start=start, end=self._paragraph_end(at))

    def _line(self, at: int) -> str:
        return self._lines[at] if at < len(self._lines) else ""

    def _heading(self, at: int) -> Block | None:
        match = _HEADING.match(self._lines[at])
        if match is not None:
            end = self._header_end(at + 1) if at == 0 or len(match[1]) == 1 else at + 1
            level, text = len(match[1]), match[2]
        else:
            level, text, end = self._underline_level(at), self._lines[at], at + 2
        if not level:
            return None
        return Block(kind=BlockKind.HEADING, start=at, end=end, level=level, heading=_plain(text))

    def _underline_level(self, at: int) -> int:
        """Level of a title whose next line underlines it in its own length; 0 when there is none."""
        text, under = self._lines[at].rstrip(), self._line(at + 1).rstrip()
        if len(under) < _LEAST_UNDERLINE or set(under) != {under[0]}:
            return 0
        if abs(len(text) - len(under)) > _MOST_OFF or not any(map(str.isalpha, text)):
            return 0
        return 0 if _BLOCK_NOTE.match(text) else _UNDERLINES.get(under[0], 0)

    def _header_end(self, at: int) -> int:
        """Behind the author, revision and attribute lines below the document's title."""
        while _ATTRIBUTE_ENTRY.match(self._line(at)):
            at += 1
        return at

    def _delimited_end(self, at: int, delimiter: re.Pattern[str]) -> int | None:
        match = delimiter.match(self._line(at))
        if match is None:
            return None
        for end in range(at + 1, len(self._lines)):
            if self._lines[end].rstrip() == match[1]:
                return end + 1
        return len(self._lines)

    def _list_end(self, at: int) -> int | None:
        """Items with what is indented under them or joined to them by `+`."""
        if not self._begins_item(at):
            return None
        end = here = at + 1
        is_joined = False
        while here < len(self._lines):
            line = self._lines[here]
            if not line.strip():
                here += 1
                is_joined = False
                continue
            inner = self._delimited_end(here, _VERBATIM) or self._delimited_end(here, _TABLE)
            if inner is not None and not is_joined:
                break
            if not (is_joined or self._continues(here, after_blank=here > end)):
                break
            is_joined = line.strip() == "+" or (is_joined and bool(_BLOCK_NOTE.match(line)))
            here = end = inner or here + 1
        return end

    def _continues(self, at: int, *, after_blank: bool) -> bool:
        if self._begins_item(at):
            return True
        return not after_blank and self._heading(at) is None

    def _begins_item(self, at: int) -> bool:
        line = self._line(at)
        return bool(_ITEM.match(line) or _TERM.match(line)) and not _ATTRIBUTE_ENTRY.match(line)

    def _paragraph_end(self, at: int) -> int:
        end = at + 1
        while end < len(self._lines) and self._lines[end].strip():
            line = self._lines[end]
            if _VERBATIM.match(line) or _TABLE.match(line) or _HEADING.match(line):
                break
            if _BLOCK_NOTE.match(line) and self._line(end + 1).strip():
                break
            end += 1
        return end


def _plain(text: str) -> str:
    """A heading without links, anchors and emphasis."""
    return " ".join(_MARKUP.sub(lambda match: match[1] or match[2] or "", text).split())

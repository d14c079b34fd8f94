"""A passage cut into what can be quoted whole: sentences, list items, table rows, code. Pure.

Line based and forgiving about the markup: what is not recognised is a sentence. What only names or
decorates (headings, rules, images, comments) is no statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.quotes import split_sentences

from .plain_text import plain


class Kind(StrEnum):
    """What sort of text a statement is."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing a passage says.

    Attributes:
        source: Number of the passage.
        text: On one line and without link markup; code verbatim, without its fence.
        lines: First and last line in the document, 1-based, inclusive.
        language: What a fence names; empty for everything but code.
        depth: Indentation of an item in characters; 0 for everything else.
    """

    source: int
    kind: Kind
    text: str
    lines: tuple[int, int]
    language: str = ""
    depth: int = 0

    @property
    def announces(self) -> bool:
        """Whether it only says that something follows."""
        return self.kind is not Kind.CODE and self.text.rstrip("*_ ").endswith((":", "\uff1a"))


_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|-{4,}$|\.{4,}$)\s*\{?[. ]*([\w+-]*)")
_ITEM = re.compile(r"^(\s*)(?:[-*+\u2022]|\d{1,3}[.)]|[a-z]\)|#\.|\*{2,5}|\.{1,5})\s+(?=\S)")
_ROW = re.compile(r"^\s*\||^(?:[^`|]|`[^`]*`)*(?<=\S)\s+\|\s+\S")
_QUOTED = re.compile(r"^\s*>\s?")
_BOX = re.compile(r"^\[[ xX]\]\s+")
_RULE = re.compile(r"^[\s|:+=-]+$")
_SILENT = re.compile(
    r"^\s*(?:#{1,6}\s.*|={1,6}\s.*|[-=~^*_'\"+]{3,}|!!!.*|\?\?\?.*|:::.*|(?:>\s*)?\[!\w+\].*|<!--.*|-->"
    r"|\{[{%][^}]*[%}]\}|\[[^\]]*\]:\s.*|\[(?:NOTE|TIP|WARNING|IMPORTANT|CAUTION|source[^\]]*|id=[^\]]*|"
    r"role=[^\]]*|discrete|abstract)\]|\.\. \w.*|:\w[\w-]*:.*|</?[a-z][^>]*>|!\[[^\]]*\]\([^)]*\))\s*$"
)
_MAX_ITEM_CHARS = 320


def statements(source: int, text: str, first_line: int) -> tuple[Statement, ...]:
    """Everything a passage says, in order.

    Args:
        source: Number of the passage.
        text: Lines of a document, verbatim.
        first_line: Line of the document at which the text begins, from 1.
    """
    return tuple(_Cutter(source, text.split("\n"), first_line).all())


class _Cutter:
    """Walks the lines once; open lines are those of a paragraph or item that may still grow."""

    def __init__(self, source: int, lines: list[str], first_line: int) -> None:
        self._source = source
        self._lines = lines
        self._first_line = first_line
        self._open: list[str] = []
        self._since = 0
        self._depth: int | None = None

    def all(self) -> Iterator[Statement]:
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            if fence := _FENCE.match(line):
                yield from self._flush(at)
                end = self._fence_end(at, fence[1])
                yield from self._code(at + 1, end, fence[2])
                at = end + 1
            elif end := self._quoted_code_end(at):
                yield from self._flush(at)
                inside = [_QUOTED.sub("", quoted) for quoted in self._lines[at:end]]
                yield from _Cutter(self._source, inside, self._first_line + at).all()
                at = end
            elif self._begins_indented_code(at):
                end = self._indented_end(at)
                yield from self._code(at, end, "")
                at = end
            else:
                yield from self._text_line(at, line)
                at += 1
        yield from self._flush(at)

    def _text_line(self, at: int, line: str) -> Iterator[Statement]:
        item = _ITEM.match(line)
        if not line.strip() or _SILENT.match(line):
            yield from self._flush(at)
        elif _ROW.match(line):
            yield from self._flush(at)
            if not _RULE.match(line) and not self._names_columns(at):
                yield from self._made(Kind.ROW, line.strip().strip("|"), at, at + 1)
        else:
            if item:
                yield from self._flush(at)
                self._depth = len(item[1])
            if not self._open:
                self._since = at
            self._open.append(_BOX.sub("", line[item.end() :]) if item else line.lstrip("> \t"))

    def _names_columns(self, at: int) -> bool:
        """Whether a row is a table's head: it says nothing of its own."""
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        return "--" in below and _RULE.match(below) is not None

    def _flush(self, at: int) -> Iterator[Statement]:
        """End the paragraph or item that is open; `at` is the index behind its last line."""
        text = " ".join(line.strip() for line in self._open)
        depth, self._open, self._depth = self._depth, [], None
        if not text:
            return
        kind = Kind.SENTENCE if depth is None else Kind.ITEM
        is_whole = depth is not None and len(text) <= _MAX_ITEM_CHARS
        for piece in (text,) if is_whole else split_sentences(text):
            yield from self._made(kind, piece, self._since, at, depth or 0)

    def _made(
        self, kind: Kind, text: str, start: int, end: int, depth: int = 0
    ) -> Iterator[Statement]:
        shown = plain(text)
        if any(character.isalnum() for character in shown):
            place = (self._first_line + start, self._first_line + end - 1)
            yield Statement(source=self._source, kind=kind, text=shown, lines=place, depth=depth)

    def _code(self, start: int, end: int, language: str) -> Iterator[Statement]:
        lines = [line.rstrip() for line in self._lines[start:end]]
        margin = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
        body = "\n".join(line[margin:] for line in lines).strip("\n")
        if body.strip():
            place = (self._first_line + start, self._first_line + end - 1)
            yield Statement(
                source=self._source, kind=Kind.CODE, text=body, lines=place, language=language
            )

    def _fence_end(self, at: int, mark: str) -> int:
        for end in range(at + 1, len(self._lines)):
            line = self._lines[end].strip()
            if len(line) >= len(mark) and set(line) == {mark[0]}:
                return end
        return len(self._lines)

    def _quoted_code_end(self, at: int) -> int:
        """Behind the quoted lines that begin here, when there is a fence among them; else 0."""
        end, has_fence = at, False
        while end < len(self._lines) and (mark := _QUOTED.match(self._lines[end])):
            has_fence = has_fence or bool(_FENCE.match(self._lines[end][mark.end() :]))
            end += 1
        return end if has_fence else 0

    def _begins_indented_code(self, at: int) -> bool:
        line = self._lines[at]
        is_after_blank = at == 0 or not self._lines[at - 1].strip()
        deep = line.startswith(("    ", "\t")) and bool(line.strip())
        return deep and is_after_blank and not _ITEM.match(line) and not self._is_in_list(at)

    def _is_in_list(self, at: int) -> bool:
        """Whether the nearest line above that is not indented begins a list item."""
        for line in reversed(self._lines[:at]):
            if line.strip() and not line.startswith(("    ", "\t")):
                return _ITEM.match(line) is not None or line.startswith(" ")
        return False

    def _indented_end(self, at: int) -> int:
        end = at + 1
        for here in range(at, len(self._lines)):
            line = self._lines[here]
            if line.strip() and not line.startswith(("    ", "\t")):
                break
            end = here + 1 if line.strip() else end
        return end

"""Writes Markdown whose structure cannot be faked by the text that is put in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import UnusableDocumentError
from ..limits import MAX_TEXT_CHARS

_STRUCTURE = re.compile(r"^(\s*)(#{1,6}(?:\s|$)|`{3}|~{3}|---\s*$)")
_RULE = re.compile(r"^\s*([=\-~^_*#.])\1{2,}\s*$")


class MarkdownWriter:
    """Collects blocks; a blank line stands between any two.

    Raises:
        UnusableDocumentError: From every method: the text grew beyond all measure.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._n_chars = 0
        self._is_open_list = False

    def heading(self, level: int, text: str) -> None:
        """A heading; an empty one is left out."""
        title = " ".join(text.split())
        if title:
            self._block([f"{'#' * min(max(level, 1), 6)} {title}"])

    def paragraph(self, text: str) -> None:
        """Text whose own line breaks are kept."""
        lines = [line for line in _inert_lines(text) if line.strip()]
        if lines:
            self._block(lines)

    def item(self, depth: int, marker: str, text: str) -> None:
        """An item of a list, or more text of one when `marker` is empty.

        Args:
            depth: From 0.
            marker: "-" or "3."; items that follow one another are one list.
        """
        indent = "  " * min(depth, 8)
        hang = " " * (len(marker) + 1 if marker else 2)
        lines = [line for line in _inert_lines(text) if line.strip()]
        if lines:
            first = f"{indent}{marker or ' '} {lines[0].strip()}"
            rest = [f"{indent}{hang}{line.strip()}" for line in lines[1:]]
            self._block([first, *rest], in_list=True)

    def fence(self, text: str, language: str = "") -> None:
        """Verbatim text; the fence is longer than any in it."""
        body = text.strip("\n").rstrip()
        if not body.strip():
            return
        longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
        mark = "`" * (longest + 1)
        self._block([f"{mark}{language}", *body.split("\n"), mark])

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """A table whose first row is its head; short rows are filled up, empty ones left out."""
        kept = [row for row in rows if any(cell.strip() for cell in row)]
        if not kept:
            return
        width = max(len(row) for row in kept)
        lines = [_row(row, width) for row in kept]
        lines.insert(1, "|" + " --- |" * width)
        self._block(lines)

    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines).strip("\n") + "\n"

    def _block(self, lines: Sequence[str], *, in_list: bool = False) -> None:
        self._n_chars += sum(len(line) + 1 for line in lines)
        if self._n_chars > MAX_TEXT_CHARS:
            raise UnusableDocumentError(
                f"its text is longer than {MAX_TEXT_CHARS // 1_000_000} million characters"
            )
        if self._lines and not (in_list and self._is_open_list):
            self._lines.append("")
        self._lines.extend(lines)
        self._is_open_list = in_list


def inert(line: str) -> str:
    """A line of text that does not read as a heading, a fence or an underline."""
    if _RULE.match(line):
        return ""
    return _STRUCTURE.sub(r"\1\\\2", line)


def _inert_lines(text: str) -> list[str]:
    return [inert(line.rstrip()) for line in text.split("\n")]


def _row(cells: Sequence[str], width: int) -> str:
    filled = [*cells, *[""] * (width - len(cells))]
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in filled) + " |"

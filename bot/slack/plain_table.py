"""Tables as plain sections, for a workspace that does not take the table block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .blocks import Block, section
from .mrkdwn import code_span, escape


def has_table(blocks: Sequence[Block]) -> bool:
    """Whether there is a table among the blocks."""
    return any(block["type"] == "table" for block in blocks)


def without_tables(blocks: Sequence[Block]) -> list[Block]:
    """The same blocks with every table as lines of text; the heads of columns are left out."""
    return [section(_lines(block)) if block["type"] == "table" else block for block in blocks]


def _lines(table: Block) -> str:
    rows: Sequence[Sequence[Mapping[str, Any]]] = table["rows"]
    return "\n".join("  ".join(_cell(cell) for cell in row) for row in rows[1:])


def _cell(cell: Mapping[str, Any]) -> str:
    if cell["type"] == "raw_text":
        return escape(str(cell["text"]))
    return "".join(_leaf(leaf) for part in cell["elements"] for leaf in part["elements"])


def _leaf(leaf: Mapping[str, Any]) -> str:
    if leaf["type"] == "emoji":
        return f":{leaf['name']}:"
    if leaf["type"] == "date":
        return f"<!date^{leaf['timestamp']}^{leaf['format']}|{escape(str(leaf['fallback']))}>"
    text = str(leaf["text"])
    style: Mapping[str, Any] = leaf.get("style") or {}
    if style.get("code"):
        return code_span(text)
    return f" *{escape(text.strip())}*" if style.get("bold") else escape(text)

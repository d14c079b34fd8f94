"""Log evidence as Block Kit's table: one compact row for each finding.

Cells hold rich text, which has no markup of its own: a log line in it cannot mention or link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, TypeAlias

from ..messages import Change, Finding, Findings
from .mrkdwn import clean, shorten

# Block Kit is JSON whose shape Slack defines; it leaves this package at once.
Cell: TypeAlias = dict[str, Any]

MAX_ROWS = 8
_MESSAGE_CHARS = 220
_SHORT_CHARS = 60
_MARKS: Mapping[Change, str] = {
    Change.NEW: "red_circle",
    Change.RISING: "large_orange_circle",
    Change.FALLING: "large_blue_circle",
    Change.GONE: "black_circle",
    Change.STEADY: "white_circle",
}


def findings_table(part: Findings) -> list[Cell]:
    """The table block, or nothing when there are no findings; Slack takes one per message."""
    rows = part.rows[:MAX_ROWS]
    if not rows:
        return []
    has_service = any(row.service for row in rows)
    has_time = any(row.since for row in rows)
    titles = ["#", "change", "lines", "message"]
    titles += ["service"] if has_service else []
    titles += ["since"] if has_time else []
    head = [_plain(title) for title in titles]
    body = [
        _row(number, row, has_service=has_service, has_time=has_time)
        for number, row in enumerate(rows, start=1)
    ]
    columns: list[Cell] = [{"align": "right" if title == "lines" else "left"} for title in titles]
    columns[titles.index("message")]["is_wrapped"] = True
    return [{"type": "table", "column_settings": columns, "rows": [head, *body]}]


def _row(number: int, row: Finding, *, has_service: bool, has_time: bool) -> Sequence[Cell]:
    mark = {"type": "emoji", "name": _MARKS[row.change]}
    label = {"type": "text", "text": f" {_line(row.label, _SHORT_CHARS)}", "style": {"bold": True}}
    message = _line(row.template, _MESSAGE_CHARS)
    cells = [
        _plain(f"[{number}]"),
        _rich(mark, label),
        _plain(f"{row.count:,}"),
        _rich({"type": "text", "text": message, "style": {"code": True}}),
    ]
    if has_service:
        cells.append(_plain(_line(row.service, _SHORT_CHARS)))
    if has_time:
        cells.append(_time(row))
    return cells


def _time(row: Finding) -> Cell:
    if row.since is None:
        return _plain("–")
    return _rich(
        {
            "type": "date",
            "timestamp": int(row.since.timestamp()),
            "format": "{time_secs}",
            "fallback": f"{row.since.astimezone(UTC):%H:%M:%S} UTC",
        }
    )


def _plain(text: str) -> Cell:
    return {"type": "raw_text", "text": text}


def _rich(*elements: Mapping[str, Any]) -> Cell:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


def _line(text: str, limit: int) -> str:
    """One line that is never empty, because Slack refuses empty cells."""
    return shorten(" ".join(clean(text).split()), limit) or "–"

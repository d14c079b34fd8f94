"""A `Reply` as Block Kit: plain, universally rendered blocks, within Slack's limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..messages import (
    Choices,
    Code,
    Excerpt,
    Findings,
    Heading,
    Note,
    Part,
    Passage,
    Passages,
    Phase,
    Prose,
    Quote,
    Reply,
    SourcedLine,
    SourcedLines,
)
from .findings_table import findings_table
from .mrkdwn import clean, code_block, code_span, escape, link, linked_time, prose, shorten

# Block Kit is JSON whose shape Slack defines; it leaves this package at once.
Block: TypeAlias = dict[str, Any]

FEEDBACK_ACTION = "feedback"
_SECTION_CHARS = 2900
_MAX_BLOCKS = 45
_EXCERPT_CHARS = 2700
_EXCERPT_LINE_CHARS = 800
_LINE_CHARS = 600
_ANSWERS = (Prose, Code, Findings, Passages, Excerpt)


def section(text: str) -> Block:
    """A section of `mrkdwn` that is already safe."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": shorten(text, _SECTION_CHARS)}}


def context(text: str) -> Block:
    """Small print of `mrkdwn` that is already safe."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": shorten(text, 1900)}]}


def header(text: str) -> Block:
    """A header; Slack takes plain text of at most 150 characters here."""
    return {"type": "header", "text": {"type": "plain_text", "text": clean(text)[:150]}}


def button(label: str, action_id: str, value: str, style: str | None = None) -> Block:
    """A button; `value` is an opaque id or short text, never parameters of a change."""
    element: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": label[:75]},
        "value": value[:2000],
    }
    return element | ({"style": style} if style else {})


def reply_blocks(reply: Reply, request_id: str) -> list[Block]:
    """Render a snapshot.

    Args:
        request_id: Value of the feedback buttons, which appear when the answer is done.
    """
    blocks: list[Block] = []
    for part in reply.parts:
        blocks.extend(_RENDERERS[type(part)](part))
    if reply.phase is Phase.WORKING and reply.status:
        blocks.append(context(f":hourglass_flowing_sand: {escape(reply.status)}…"))
    blocks = blocks[:_MAX_BLOCKS]
    if reply.phase is Phase.DONE and any(isinstance(part, _ANSWERS) for part in reply.parts):
        blocks.append(_feedback(request_id))
    return blocks


def fallback_text(reply: Reply) -> str:
    """The reply in one safe sentence, for notifications and screen readers."""
    return shorten(escape(reply.summary), 3000) or "…"


def _heading(part: Heading) -> list[Block]:
    return [section(f"*{escape(part.text)}*")]


def _quote(part: Quote) -> list[Block]:
    place = f"{code_span(f'{part.source}:{part.line_number}')}"
    return [section(code_block(part.text, 1500)), context(place)]


def _excerpt(part: Excerpt) -> list[Block]:
    shown = _around(part)
    numbers = [number for number, _ in part.lines]
    place = code_span(f"{part.source[:200]}:{min(numbers)}-{max(numbers)}") if numbers else ""
    return [section(code_block("\n".join(shown))), context(place)] if shown else []


def _around(part: Excerpt) -> list[str]:
    """As many lines around the marked one as fit, the farthest left out first."""
    width = len(str(max((number for number, _ in part.lines), default=0)))
    by_distance = sorted(part.lines, key=lambda line: abs(line[0] - part.marked))
    kept: dict[int, str] = {}
    used = 0
    for number, text in by_distance:
        mark = ">" if number == part.marked else " "
        line = f"{mark}{number:>{width}}  {shorten(clean(text), _EXCERPT_LINE_CHARS)}"
        used += len(escape(line)) + 1
        if kept and used > _EXCERPT_CHARS:
            break
        kept[number] = line
    return [kept[number] for number in sorted(kept)]


def _prose(part: Prose) -> list[Block]:
    return [section(prose(part.text))] if part.text.strip() else []


def _code(part: Code) -> list[Block]:
    checks = " · ".join(escape(check) for check in part.checks)
    small = f"{escape(part.language)}{' · ' if checks else ''}{checks}"
    return [section(code_block(part.text)), context(small)]


def _passages(part: Passages) -> list[Block]:
    return [section("\n".join(_passage(row) for row in part.rows))] if part.rows else []


def _passage(row: Passage) -> str:
    heading = f" › {escape(row.heading)}" if row.heading else ""
    place = code_span(f"{row.path}:{row.lines[0]}-{row.lines[1]}")
    excerpt = code_span(" ".join(row.excerpt.split())[:240])
    stale = f"\n>:warning: _{escape(row.stale)}_" if row.stale else ""
    return f"*[{row.number}] {escape(row.title)}*{heading}  {place}\n>{excerpt}{stale}"


def _sourced_lines(part: SourcedLines) -> list[Block]:
    """As many sections as the lines need; none is cut in the middle of a line."""
    texts = [f"*{escape(part.title)}*"] if part.title else []
    texts += [_sourced_line(row) for row in part.rows]
    pieces: list[str] = []
    for text in texts:
        if pieces and len(pieces[-1]) + len(text) < _SECTION_CHARS:
            pieces[-1] += f"\n{text}"
        else:
            pieces.append(text)
    return [section(piece) for piece in pieces]


def _sourced_line(row: SourcedLine) -> str:
    text = shorten(escape(row.text), _LINE_CHARS)
    if row.at is not None:
        return f"• {linked_time(row.at, row.url)}  {text}"
    return f"• {link(row.url, escape(row.label))}  {text}" if row.label else f"• {text}"


def _note(part: Note) -> list[Block]:
    return [context(escape(part.text))]


def _choices(part: Choices) -> list[Block]:
    elements = [
        button(option.label, f"{option.action}:{position}", option.value)
        for position, option in enumerate(part.options[:5])
    ]
    return [{"type": "actions", "elements": elements}]


def _feedback(request_id: str) -> Block:
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": FEEDBACK_ACTION,
                "positive_button": {
                    "text": {"type": "plain_text", "text": "Helpful"},
                    "accessibility_label": "This answer helped",
                    "value": f"good {request_id}",
                },
                "negative_button": {
                    "text": {"type": "plain_text", "text": "Not helpful"},
                    "accessibility_label": "This answer did not help",
                    "value": f"bad {request_id}",
                },
            }
        ],
    }


_RENDERERS: Mapping[type[Part], Callable[[Any], list[Block]]] = {
    Heading: _heading,
    Findings: findings_table,
    Quote: _quote,
    Excerpt: _excerpt,
    Prose: _prose,
    Code: _code,
    Passages: _passages,
    SourcedLines: _sourced_lines,
    Note: _note,
    Choices: _choices,
}

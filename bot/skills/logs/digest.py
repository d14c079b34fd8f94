"""The evidence as a document: ranked, within a budget of tokens, every line accounted for. Pure.

The same analysis gives the same bytes. Two forms: `Digest.text` is complete, with sources and line
numbers; `Digest.prompt` is what a model gets, short and free of control tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from runbooks.redaction import redact

from ...messages import Change
from ..generation import as_data
from .analysis import Analysis
from .findings import Movement
from .masks import message_of

_TOKENS = re.compile(r"\d|[^\W\d_]{1,4}|[^\w\s]|_")
_MAX_QUOTE_CHARS = 600
_MAX_EXAMPLE_CHARS = 240
_MAX_PROMPT_ENTRIES = 6
_MAX_FOREIGN = 2
_MAX_OWN_FIRST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One numbered message of the evidence.

    Attributes:
        quote: The verbatim line, with secrets hidden.
        is_foreign: From a service that was not asked about.
    """

    number: int
    movement: Movement
    quote: str
    is_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Ranked evidence. `n_lines == n_shown + n_folded + n_skipped`.

    Attributes:
        n_lines: Lines in the window.
        n_shown: Lines of the messages that have an entry.
        n_folded: Lines of messages without one.
        n_skipped: Lines that were not read.
        n_other_messages: Messages without an entry.
    """

    entries: tuple[Entry, ...]
    n_lines: int
    n_shown: int
    n_folded: int
    n_skipped: int
    n_other_messages: int
    text: str
    prompt: str


def estimate_tokens(text: str) -> int:
    """About how many tokens a model makes of a log text; errs on the high side."""
    return len(_TOKENS.findall(text))


def is_telling(movement: Movement) -> bool:
    """Whether a message is worth an entry in an answer: it moved, or it is a warning or worse."""
    return movement.change is not Change.STEADY or movement.is_bad


def build(
    analysis: Analysis,
    *,
    foreign: Sequence[Movement] = (),
    budget_tokens: int,
    zone: tzinfo,
    only_telling: bool = True,
    max_entries: int = 12,
    count_tokens: Callable[[str], int] = estimate_tokens,
) -> Digest:
    """Choose what is shown, most telling first, until the budget is used up.

    Args:
        foreign: Messages of services that were not asked about, earliest first.
        budget_tokens: Upper bound of `text`, in tokens; one entry is always shown.
        zone: The zone in which times are written.
        only_telling: Leave out messages that neither moved nor warn.
        count_tokens: How long a text is for the model that will read it.
    """
    title = _title(analysis, zone)
    pieces = [title]
    entries: list[Entry] = []
    used = count_tokens(title)
    own = [(m, False) for m in analysis.movements if not only_telling or is_telling(m)]
    others = [(m, True) for m in foreign[:_MAX_FOREIGN]]
    picked = own[:_MAX_OWN_FIRST] + others + own[_MAX_OWN_FIRST:]
    for movement, is_foreign in picked[:max_entries]:
        entry = _entry(len(entries) + 1, movement, is_foreign)
        piece = _described(entry, zone, len(analysis.services) > 1)
        used += count_tokens(piece)
        if entries and used > budget_tokens:
            break
        entries.append(entry)
        pieces.append(piece)
    n_shown = sum(entry.movement.n_shown for entry in entries if not entry.is_foreign)
    n_entries = sum(not entry.is_foreign for entry in entries)
    n_other = len(analysis.movements) - n_entries
    n_folded = analysis.n_lines - n_shown - analysis.n_left_out
    pieces.append(f"other messages: {n_other:,}, lines: {n_folded:,}")
    return Digest(
        entries=tuple(entries),
        n_lines=analysis.n_lines,
        n_shown=n_shown,
        n_folded=n_folded,
        n_skipped=analysis.n_left_out,
        n_other_messages=n_other,
        text="\n".join(pieces),
        prompt=_prompt(analysis, entries, zone),
    )


def _entry(number: int, movement: Movement, is_foreign: bool) -> Entry:
    quote = redact(movement.first.line[:_MAX_QUOTE_CHARS]).text
    return Entry(number=number, movement=movement, quote=quote, is_foreign=is_foreign)


def _title(analysis: Analysis, zone: tzinfo) -> str:
    services = ", ".join(each.service for each in analysis.services)
    times = ""
    if analysis.window is not None:
        times = f" · {span_text(analysis.window.start, analysis.window.end, zone)}"
    return f"{services}{times} · {analysis.n_lines:,} lines"


def _described(entry: Entry, zone: tzinfo, with_service: bool) -> str:
    movement = entry.movement
    row, first = movement.row, movement.first
    service = f"{row.service}: " if with_service or entry.is_foreign else ""
    times = f" · {_clock(first.at, zone)}" if first.at is not None else ""
    if row.last_second is not None and times and movement.n_lines > 1:
        times += f"–{_clock(datetime.fromtimestamp(row.last_second, zone), zone)}"
    head = f"[{entry.number}] {movement.label} {movement.n_shown:,}×"
    if movement.label != row.severity.name:
        head += f" {row.severity.name}"
    place = f"{first.source}:{first.line_number}"
    return f"{head} {service}{row.pattern}{times}\n    {place}: {entry.quote}"


def _prompt(analysis: Analysis, entries: Sequence[Entry], zone: tzinfo) -> str:
    lines = [", ".join(each.service for each in analysis.services)]
    chosen = sorted(entries[:_MAX_PROMPT_ENTRIES], key=lambda entry: _began(entry, zone))
    lines += (_prompt_line(entry, zone, len(analysis.services) > 1) for entry in chosen)
    # Backticks are the form's own quotation marks.
    return as_data("\n".join(lines)).replace("`", "'")


def _began(entry: Entry, zone: tzinfo) -> tuple[bool, datetime, int]:
    at = entry.movement.first.at
    is_timed = at is not None and entry.movement.change is not Change.STEADY
    return not is_timed, at or datetime.min.replace(tzinfo=zone), entry.number


def _prompt_line(entry: Entry, zone: tzinfo, with_service: bool) -> str:
    movement = entry.movement
    place = f" in {movement.row.service}" if with_service or entry.is_foreign else ""
    count = f"{movement.n_lines} {'line' if movement.n_lines == 1 else 'lines'}"
    if movement.change is Change.GONE:
        count = f"usually {movement.usual}"
    level = "" if movement.label == movement.row.severity.name else movement.row.severity.name
    at = movement.first.at
    is_timed = at is not None and movement.change is not Change.STEADY
    since = f"since {_clock(at, zone)}" if at is not None and is_timed else ""
    facts = ", ".join(part for part in (f"{movement.label}{place}", count, level, since) if part)
    example = " ".join(message_of(entry.quote, movement.row.service).split())[:_MAX_EXAMPLE_CHARS]
    return f"[{entry.number}] {facts}: {example}"


def _clock(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S")


def span_text(start: datetime, end: datetime, zone: tzinfo) -> str:
    """A stretch of time as people write it, with dates when it is not within one day."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%d %b %H:%M}–{last:%d %b %H:%M}"

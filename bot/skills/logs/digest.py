"""The evidence as a document: ranked, within a budget of tokens, every line accounted for. Pure.

The same analysis gives the same bytes. Two forms: `Digest.text` is complete, with sources and line
numbers; `Digest.prompt` is what a model gets, short and free of control tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from ...messages import Change
from ..generation import as_data
from .analysis import Analysis
from .clipping import safe_start, word_start
from .findings import Movement
from .masks import is_date_word, message_of, without_head
from .numbers import count_text, names_text
from .profile import Sighting
from .ranking import Pick, ranked
from .severity import LEVEL_WORDS

_TOKENS = re.compile(r"\d|[^\W\d_]{1,4}|[^\w\s]|_")
_MAX_QUOTE_CHARS = 600
_MAX_LINE_CHARS = 160
_MAX_NAME_CHARS = 24
_MAX_TOO_LONG = 20
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
    own = [m for m in analysis.movements if not only_telling or is_telling(m)]
    budget = _Budget(budget_tokens, count_tokens)
    title = budget.spend(_title(analysis, zone))
    budget.spend(_rest(len(analysis.movements), analysis.n_lines))
    noted = [note for note in analysis.notes if budget.grants(note)]
    if _has_nothing_to_compare_with(analysis):
        entries, pieces = _explaining(ranked(own), budget, max_entries, len(analysis.services) > 1)
    else:
        others = [(m, True) for m in foreign[:_MAX_FOREIGN]]
        told = [(m, False) for m in own]
        picked = told[:_MAX_OWN_FIRST] + others + told[_MAX_OWN_FIRST:]
        entries, pieces = _changes(
            picked[:max_entries], budget, zone, with_service=len(analysis.services) > 1
        )
    n_shown = sum(entry.movement.n_shown for entry in entries if not entry.is_foreign)
    n_entries = sum(not entry.is_foreign for entry in entries)
    n_other = len(analysis.movements) - n_entries
    n_folded = analysis.n_lines - n_shown - analysis.n_left_out
    return Digest(
        entries=tuple(entries),
        n_lines=analysis.n_lines,
        n_shown=n_shown,
        n_folded=n_folded,
        n_skipped=analysis.n_left_out,
        n_other_messages=n_other,
        text="\n".join((title, *noted, *pieces, _rest(n_other, n_folded))),
        prompt=_prompt(analysis, entries, zone),
    )


class _Budget:
    """Tokens that may still be spent; the first entry is always granted."""

    def __init__(self, n_tokens: int, count: Callable[[str], int]) -> None:
        self._left = n_tokens
        self._count = count

    def spend(self, text: str) -> str:
        """Take what a text costs, whether it fits or not."""
        self._left -= self._count(f"{text}\n")
        return text

    def grants(self, text: str) -> bool:
        """Take what a text costs if it fits."""
        cost = self._count(f"{text}\n")
        if cost > self._left:
            return False
        self._left -= cost
        return True


def _rest(n_messages: int, n_lines: int) -> str:
    return f"other messages: {n_messages:,}, lines: {n_lines:,}"


def _has_nothing_to_compare_with(analysis: Analysis) -> bool:
    return analysis.window is None and all(not e.n_baseline_lines for e in analysis.services)


def _changes(
    picked: Sequence[tuple[Movement, bool]], budget: _Budget, zone: tzinfo, *, with_service: bool
) -> tuple[list[Entry], list[str]]:
    """Entries with the template and a whole line, until one does not fit."""
    entries: list[Entry] = []
    pieces: list[str] = []
    for movement, is_foreign in picked:
        entry = _entry(len(entries) + 1, movement, is_foreign)
        piece = _described(entry, zone, with_service)
        if not budget.grants(piece) and entries:
            break
        entries.append(entry)
        pieces.append(piece)
    return entries, pieces


def _explaining(
    picks: Sequence[Pick], budget: _Budget, max_entries: int, with_source: bool
) -> tuple[list[Entry], list[str]]:
    """Entries of one line each, and lines around them, until some do not fit."""
    entries: dict[int, Entry] = {}
    pieces: list[str] = []
    n_too_long = 0
    for pick in picks:
        moved = pick.movement
        entry = None
        if moved is not None and id(moved) not in entries:
            if len(entries) >= max_entries:
                continue
            quote = safe_start(pick.sighting.line, _MAX_QUOTE_CHARS)
            shown = replace(moved, first=pick.sighting)
            entry = Entry(number=len(entries) + 1, movement=shown, quote=quote)
        piece = _one_line(pick.sighting, entry, with_source)
        if not piece:
            continue
        if not budget.grants(piece) and (entries or entry is None):
            n_too_long += 1
            if n_too_long > _MAX_TOO_LONG:
                break
            continue
        pieces.append(piece)
        if entry is not None:
            entries[id(moved)] = entry
    return list(entries.values()), pieces


def _one_line(sighting: Sighting, entry: Entry | None, with_source: bool) -> str:
    """A line without its stamps; a name that stood before them is kept in front of the place."""
    line = sighting.line
    name, _, rest = line.partition(" ")
    short = without_head(rest) if name.isalpha() else rest
    if short == rest or len(name) > _MAX_NAME_CHARS or is_date_word(name):
        name, short = "", without_head(line)
    text = safe_start(short, _MAX_LINE_CHARS).rstrip()
    if not text:
        return ""
    place = f"{sighting.source if with_source else ''}:{sighting.line_number}"
    if name and name.lower() not in LEVEL_WORDS:
        place = f"{name} {place}"
    if entry is None:
        return f"  {place} {text}"
    moved = entry.movement
    level = "" if moved.label == moved.row.severity.name else f" {moved.row.severity.name}"
    return f"[{entry.number}] {moved.label} {moved.n_shown:,}×{level} {place} {text}"


def _entry(number: int, movement: Movement, is_foreign: bool) -> Entry:
    quote = safe_start(movement.first.line, _MAX_QUOTE_CHARS)
    return Entry(number=number, movement=movement, quote=quote, is_foreign=is_foreign)


def _title(analysis: Analysis, zone: tzinfo) -> str:
    services = names_text([each.service for each in analysis.services])
    times = ""
    if analysis.window is not None:
        times = f" · {span_text(analysis.window.start, analysis.window.end, zone)}"
    return f"{services}{times} · {count_text(analysis.n_lines, 'line')}"


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
    lines = [names_text([each.service for each in analysis.services])]
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
    message = " ".join(message_of(entry.quote, movement.row.service).split())
    example = word_start(message, _MAX_EXAMPLE_CHARS)
    return f"[{entry.number}] {facts}: {example}"


def _clock(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S")


def span_text(start: datetime, end: datetime, zone: tzinfo) -> str:
    """A stretch of time as people write it, with dates when it is not within one day."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%d %b %H:%M}–{last:%d %b %H:%M}"

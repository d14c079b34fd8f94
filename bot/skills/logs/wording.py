"""Answers about logs in words: headings, coverage, and what to say when there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...messages import (
    Change,
    Choice,
    Choices,
    Finding,
    Findings,
    Heading,
    Note,
    Part,
    Prose,
    Quote,
    Reply,
)
from ...store.log_marks import MarkKind
from .actions import MARK_ACTION, ORDER_ACTION
from .analysis import Analysis
from .digest import Digest, Entry, span_text
from .explanation import Explanation
from .findings import as_finding
from .mark_wording import who_and_why
from .marks import Marked, Marking
from .numbers import count_text
from .oddities import oddities
from .orders import CompareYesterday, MoreContext, order_text

_MAX_PROBLEMS = 4


def zone_of(name: str) -> tzinfo:
    """The zone of this IANA name; UTC when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def services_text(analysis: Analysis) -> str:
    """The names of the services, or how many there are."""
    names = [each.service for each in analysis.services]
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} services"


def heading(analysis: Analysis, zone: tzinfo) -> Heading:
    """What was looked at: names, time, number of lines."""
    parts = [services_text(analysis)]
    if analysis.window is not None:
        parts.append(span_text(analysis.window.start, analysis.window.end, zone))
    n_sources = analysis.n_sources
    sources = f" from {n_sources:,} sources" if n_sources > 1 else ""
    parts.append(f"{count_text(analysis.n_lines, 'line')}{sources}")
    return Heading(text=" · ".join(parts))


def findings(digest: Digest, analysis: Analysis) -> Findings:
    """The entries as rows; services are named when there is more than one."""
    several = len(analysis.services) > 1 or any(entry.is_foreign for entry in digest.entries)
    return Findings(rows=tuple(_row(entry, several) for entry in digest.entries))


def _row(entry: Entry, with_service: bool) -> Finding:
    found = as_finding(entry.movement)
    return Finding(
        change=found.change,
        label=found.label,
        count=found.count,
        template=found.template,
        since=found.since,
        service=found.service if with_service else "",
    )


def quote_of(entry: Entry) -> Quote:
    """The entry's verbatim line with its place."""
    first = entry.movement.first
    return Quote(text=entry.quote, source=first.source, line_number=first.line_number)


def coverage(digest: Digest, analysis: Analysis, foreign_services: Sequence[str]) -> str:
    """How every line was accounted for."""
    text = (
        f"read {digest.n_lines:,} = shown {digest.n_shown:,} + folded {digest.n_folded:,} "
        f"+ skipped {digest.n_skipped:,}"
    )
    n_before = sum(each.n_baseline_lines for each in analysis.services)
    if n_before:
        text += f" · compared with {n_before:,} before"
    if digest.n_other_messages:
        text += f" · {count_text(digest.n_other_messages, 'other message')}"
    if foreign_services:
        text += f" · also looked at {', '.join(foreign_services)}"
    return text


def problem_notes(analysis: Analysis) -> tuple[Note, ...]:
    """What could not be read or looked odd, one sentence each."""
    problems = oddities(analysis)
    shown = list(problems[:_MAX_PROBLEMS])
    if len(problems) > len(shown):
        shown.append(f"and {count_text(len(problems) - len(shown), 'more problem')}")
    return tuple(Note(text=problem) for problem in shown)


def explanation_note(explanation: Explanation, model_name: str, took_s: float) -> str:
    """Which model said it, how long it took and what was withheld."""
    if explanation.failure:
        return f"no explanation: {explanation.failure}"
    text = f"model {model_name}, {took_s:.1f} s"
    n_withheld = len(explanation.withheld)
    if n_withheld:
        reasons = ", ".join(dict.fromkeys(explanation.withheld))
        text += f" · {count_text(n_withheld, 'sentence')} withheld ({reasons})"
    return text


def summary_of(digest: Digest, analysis: Analysis, zone: tzinfo) -> str:
    """The answer in one plain sentence."""
    top = digest.entries[0].movement
    found = as_finding(top)
    since = f" since {found.since.astimezone(zone):%H:%M:%S}" if found.since is not None else ""
    label = "" if top.change is Change.STEADY else f" ({found.label.lower()})"
    lines = count_text(found.count, "line") if found.count else "no more lines"
    return f"{services_text(analysis)}: {lines}{label}{since}: {found.template}"


def no_lines(digest: Digest, analysis: Analysis, zone: tzinfo) -> Reply:
    """Nothing was written in the window; that is not the same as nothing wrong."""
    parts: list[Part] = [heading(analysis, zone)]
    text = f"No lines of {services_text(analysis)} in this time, so nothing can be said about it."
    seen = [s for each in analysis.services if (s := each.last_seen_second) is not None]
    if seen:
        last = datetime.fromtimestamp(max(seen), zone)
        text += f" The last line before was written at {last:%d %b %H:%M:%S}."
    elif all(each.n_sources == 0 for each in analysis.services):
        text = f"There is no log file of {services_text(analysis)} where the settings say."
    parts.append(Prose(text=text))
    if digest.entries:
        parts.append(findings(digest, analysis))
    parts += problem_notes(analysis)
    return Reply(parts=tuple(parts), summary=text, facts=facts(analysis))


def nothing_unusual(digest: Digest, analysis: Analysis, zone: tzinfo) -> Reply:
    """A healthy log: the evidence of that, and no model."""
    n_bad = sum(m.n_lines for m in analysis.movements if m.is_bad)
    if analysis.has_baseline:
        text = "Nothing unusual: no new message, and none whose rate moved"
    else:
        text = "Nothing stands out, and there is nothing earlier to compare with"
    if n_bad:
        text += f"; {count_text(n_bad, 'warning or error line')} at the usual rate"
    parts: list[Part] = [heading(analysis, zone), Prose(text=f"{text}.")]
    if digest.entries and n_bad:
        parts.append(findings(digest, analysis))
    parts += (*problem_notes(analysis), Note(text=coverage(digest, analysis, ())))
    summary = f"{services_text(analysis)}: {text[0].lower()}{text[1:]}."
    return Reply(parts=tuple(parts), summary=summary, facts=facts(analysis))


def nothing_new(analysis: Analysis, zone: tzinfo) -> Reply:
    """A scheduled digest of a healthy log: one line."""
    title = heading(analysis, zone).text
    n_bad = sum(moved.n_lines for moved in analysis.movements if moved.is_bad)
    usual = f"; {count_text(n_bad, 'warning or error line')} as usual" if n_bad else ""
    text = f"{title} · nothing new{usual}."
    parts = (Prose(text=text), *problem_notes(analysis))
    return Reply(parts=parts, summary=text, facts=facts(analysis))


def facts(analysis: Analysis, digest: Digest | None = None) -> Mapping[str, str]:
    """What to remember of the exchange."""
    known: dict[str, str] = {}
    if len(analysis.services) == 1 and analysis.window is not None:
        known["service"] = analysis.services[0].service
    if digest is not None and digest.entries:
        top = digest.entries[0]
        known["evidence"] = "\n".join(dict.fromkeys((top.quote, *_patterns(digest))))
        since = as_finding(top.movement).since
        if since is not None:
            known["since"] = since.isoformat()
    return known


def _patterns(digest: Digest) -> list[str]:
    bad = (entry for entry in digest.entries[1:] if entry.movement.is_bad)
    return [entry.quote for entry in bad][:2]


def buttons(request_id: str, digest: Digest, *, can_compare: bool) -> tuple[Choices, ...]:
    """What can be asked of an answer with one click."""
    options: list[Choice] = []
    if digest.entries:
        more = order_text(MoreContext(request_id))
        options.append(Choice(label="More context", action=ORDER_ACTION, value=more))
    if can_compare:
        compare = order_text(CompareYesterday(request_id))
        options.append(Choice(label="Compare with yesterday", action=ORDER_ACTION, value=compare))
    if digest.entries:
        label = "Ignore this template…"
        options.append(Choice(label=label, action=MARK_ACTION, value=request_id))
    return (Choices(options=tuple(options)),) if options else ()


def known_notes(digest: Digest, marking: Marking, zone: tzinfo) -> tuple[Note, ...]:
    """Which messages of an answer are known issues."""
    found = ((e.number, marking.mark_of(e.movement, MarkKind.KNOWN)) for e in digest.entries)
    return tuple(
        Note(text=f"[{number}] is known: {who_and_why(mark, zone)}")
        for number, mark in found
        if mark is not None
    )


def ignored_notes(marked: Marked) -> tuple[Note, ...]:
    """How many of the folded lines people chose to ignore."""
    if not marked.ignored:
        return ()
    lines = count_text(marked.n_ignored_lines, "line")
    templates = count_text(len(marked.ignored), "ignored template")
    return (Note(text=f"folded among them: {lines} of {templates}"),)


def day_apart(digest: Digest, analysis: Analysis, zone: tzinfo) -> Reply:
    """A window beside the same one a day earlier, in findings and without a model."""
    parts: list[Part] = [heading(analysis, zone)]
    n_before = sum(each.n_baseline_lines for each in analysis.services)
    counts = f"{count_text(analysis.n_lines, 'line')}, yesterday {n_before:,}"
    if not analysis.has_baseline:
        text = f"No lines of {services_text(analysis)} in the same window yesterday, so there is "
        text += "nothing to compare with."
    elif any(entry.movement.change is not Change.STEADY for entry in digest.entries):
        text = f"Compared with the same window yesterday ({counts}):"
    else:
        text = f"As in the same window yesterday ({counts}): no message is new or gone, and none "
        text += "whose rate moved."
    parts.append(Prose(text=text))
    if analysis.has_baseline and digest.entries:
        parts += (findings(digest, analysis), quote_of(digest.entries[0]))
    parts += (*problem_notes(analysis), Note(text=coverage(digest, analysis, ())))
    return Reply(parts=tuple(parts), summary=text, facts=_service_fact(analysis))


def _service_fact(analysis: Analysis) -> Mapping[str, str]:
    names = [each.service for each in analysis.services]
    return {"service": names[0]} if len(names) == 1 else {}

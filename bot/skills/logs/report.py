"""The full report of a look at logs: every finding with its verbatim line, every line counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runbooks.errors import RedactionError

from ...store.log_marks import MarkKind
from .clipping import safe_start
from .digest import is_telling
from .findings import Movement, as_finding
from .looked import Looked
from .mark_wording import who_and_why
from .numbers import count_text
from .oddities import oddities

_MAX_FINDINGS = 300
_MAX_OTHERS = 500
_MAX_QUOTE_CHARS = 2000
_MAX_PATTERN_CHARS = 300


def report_of(looked: Looked, question: str, asked_by: str, at: datetime) -> str:
    """The report as Markdown; the same look gives the same text.

    Args:
        at: When it was asked, aware.
    """
    analysis = looked.analysis
    findings = [moved for moved in analysis.movements if is_telling(moved)]
    foreign = [entry.movement for entry in looked.digest.entries if entry.is_foreign]
    others = [moved for moved in analysis.movements if not is_telling(moved)]
    pieces = [
        _head(looked, question, asked_by, at),
        _coverage(looked, findings, others),
        _findings(looked, "Findings", findings, 1),
        _findings(looked, "In other services, just before", foreign, len(findings) + 1),
        _others(others),
        _ignored(looked),
        _list("What could not be read or looked odd", oddities(analysis)),
    ]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def _head(looked: Looked, question: str, asked_by: str, at: datetime) -> str:
    analysis = looked.analysis
    services = ", ".join(_inline(each.service) for each in analysis.services)
    lines = [f"# Log report: {services}", ""]
    lines.append(f"- asked: {_inline(question) or '-'}")
    lines.append(f"- by {_inline(asked_by)} at {_time(at, looked)}")
    if analysis.window is not None:
        window = analysis.window
        lines.append(f"- window: {_time(window.start, looked)} to {_time(window.end, looked)}")
    n_before = sum(each.n_baseline_lines for each in analysis.services)
    lines.append(
        f"- compared with: {count_text(n_before, 'line')} before" if n_before else "- no baseline"
    )
    lines.append(f"- sources: {analysis.n_sources}")
    return "\n".join(lines)


def _coverage(looked: Looked, findings: Sequence[Movement], others: Sequence[Movement]) -> str:
    analysis = looked.analysis
    n_found = sum(moved.n_shown for moved in findings)
    n_others = sum(moved.n_shown for moved in others)
    n_ignored = looked.marked.n_ignored_lines
    n_rest = analysis.n_lines - n_found - n_others - n_ignored - analysis.n_left_out
    rows = [
        ("lines of findings", n_found),
        ("lines of other messages", n_others),
        ("lines of ignored templates", n_ignored),
        ("lines that continue a record, or are blank", n_rest),
        ("lines not read", analysis.n_left_out),
        ("all lines of the window", analysis.n_lines),
    ]
    table = "\n".join(f"| {name} | {count:,} |" for name, count in rows)
    return f"## Coverage\n\n| what | lines |\n|---|---:|\n{table}"


def _findings(looked: Looked, title: str, moved: Sequence[Movement], first: int) -> str:
    if not moved:
        return ""
    shown = [
        _finding(looked, each, number)
        for number, each in enumerate(moved[:_MAX_FINDINGS], start=first)
    ]
    left = moved[_MAX_FINDINGS:]
    if left:
        n_lines = sum(each.n_shown for each in left)
        more = count_text(len(left), "more finding")
        shown.append(f"... and {more} with {count_text(n_lines, 'line')}.")
    return "\n\n".join([f"## {title}", *shown])


def _finding(looked: Looked, moved: Movement, number: int) -> str:
    row, first = moved.row, moved.first
    facts = [
        count_text(moved.n_shown, "line"),
        row.severity.name,
        f"service {_inline(row.service)}",
    ]
    since = as_finding(moved).since
    if since is not None:
        facts.append(f"since {_time(since, looked)}")
    if row.last_second is not None:
        last = datetime.fromtimestamp(row.last_second, looked.zone)
        facts.append(f"last {_time(last, looked)}")
    if moved.usual:
        facts.append(f"usually {moved.usual}")
    lines = [
        f"### {number}. {moved.label}: {_code(row.pattern)}",
        "",
        f"{' · '.join(facts)} · template {row.template_id}",
        "",
        f"{_inline(first.source)}:{first.line_number}",
        "",
        _quoted(first.line),
    ]
    known = looked.marking.mark_of(moved, MarkKind.KNOWN)
    if known is not None:
        lines += ["", f"Known: {_inline(who_and_why(known, looked.zone))}"]
    return "\n".join(lines)


def _others(others: Sequence[Movement]) -> str:
    if not others:
        return ""
    ranked = sorted(others, key=lambda moved: (-moved.n_shown, moved.row.template_id))
    lines = [
        f"- {moved.n_shown:,} × {_code(moved.row.pattern)} ({_inline(moved.row.service)})"
        for moved in ranked[:_MAX_OTHERS]
    ]
    left = ranked[_MAX_OTHERS:]
    if left:
        n_lines = sum(moved.n_shown for moved in left)
        more = count_text(len(left), "more message")
        lines.append(f"- and {more} with {count_text(n_lines, 'line')}")
    return "\n".join(["## Other messages, at their usual rate", "", *lines])


def _ignored(looked: Looked) -> str:
    lines = [
        f"{n_lines:,} × {_code(mark.pattern)}: {_inline(who_and_why(mark, looked.zone))}, "
        f"mark {mark.mark_id}"
        for mark, n_lines in looked.marked.ignored
    ]
    return _list("Ignored templates", lines)


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", *(f"- {line}" for line in lines)]) if lines else ""


def _quoted(line: str) -> str:
    """A verbatim line as an indented block, which no line can end; secrets are hidden."""
    try:
        text = safe_start(line, _MAX_QUOTE_CHARS)
    except RedactionError:
        text = "(withheld: it could not be searched for secrets)"
    return "\n".join(f"    {part}" for part in text.splitlines() or [""])


def _code(pattern: str) -> str:
    return f"`{_inline(pattern)[:_MAX_PATTERN_CHARS].replace('`', chr(39))}`"


def _inline(text: str) -> str:
    return " ".join(text.split())


def _time(at: datetime, looked: Looked) -> str:
    return f"{at.astimezone(looked.zone):%Y-%m-%d %H:%M:%S %Z}"

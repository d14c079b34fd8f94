"""Identifiers that recur tell which courses of events went differently."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from bot.skills.logs.analysis import analyse
from bot.skills.logs.digest import build
from bot.skills.logs.session_findings import SessionCollector, SessionReport, told, watched
from bot.skills.logs.sources import TextStream

NOW = datetime(2026, 3, 3, tzinfo=UTC)
N_JOBS = 300
ODD = 150


def _lines(*, identifiers: bool = True) -> list[str]:
    """Jobs that overlap; one writes something else, and another never ends."""
    dice = random.Random(5)  # noqa: S311 - no secret
    timed: list[tuple[float, str]] = []
    for number in range(N_JOBS):
        name = f"job-{dice.randrange(16**8):08x}-{number:04d}" if identifiers else "a job"
        steps = [f"accepted {name} from queue", f"started {name} on node"]
        if number == ODD:
            steps.append(f"lease of {name} was stolen")
        if number != ODD + 1:
            steps.append(f"finished {name} well")
        timed += [(number + dice.random() * 3 + k, step) for k, step in enumerate(steps)]
    return [text for _, text in sorted(timed)]


def _collected(lines: list[str], **options: int) -> SessionCollector:
    collector = SessionCollector(**options)
    streams = watched({"log": (TextStream(name="log", text="\n".join(lines)),)}, collector)
    analyse(streams, None, NOW)
    return collector


def _report(lines: list[str], **options: int) -> SessionReport:
    report = _collected(lines, **options).report()
    assert report is not None
    return report


def test_what_went_differently_is_told_with_what_it_wrote_and_what_it_lacked() -> None:
    report = _report(_lines())
    assert (report.notation, report.n_sessions, report.n_odd) == ("job*", N_JOBS, 2)
    assert {(each.n_sessions, each.wrote, each.lacked) for each in report.findings} == {
        (1, ("lease of <id> was stolen",), ()),
        (1, (), ("finished <id> well",)),
    }
    assert report.findings[0].example in "\n".join(_lines())


def test_what_the_end_of_the_log_cuts_off_lacks_nothing() -> None:
    lines = _lines()
    cut = [line for line in lines if "finished" not in line or line in lines[:-4]]
    assert _report(cut).n_odd == 2


def test_identifiers_beyond_the_cap_are_counted() -> None:
    lines = _lines()
    report = _report(lines, max_sessions=100)
    kept = set[str]()
    n_left_out = 0
    for line in lines:
        name = next(word for word in line.split() if word.startswith("job-"))
        n_left_out += len(kept) >= 100 and name not in kept
        if len(kept) < 100:
            kept.add(name)
    assert (report.n_sessions, report.n_left_out) == (100, n_left_out)


def test_a_log_without_identifiers_has_no_sessions() -> None:
    assert _collected(_lines(identifiers=False)).report() is None


def test_one_identifier_for_all_lines_is_no_course_of_events() -> None:
    lines = [f"host node-1234567 served request {n}" for n in range(500)]
    assert _collected(lines).report() is None


def test_the_digest_says_it_within_its_budget_and_counts_every_line() -> None:
    lines = _lines()
    collector = SessionCollector()
    streams = watched({"log": (TextStream(name="log", text="\n".join(lines)),)}, collector)
    looked = analyse(streams, None, NOW)
    report = collector.report()
    assert report is not None
    analysis = replace(looked, notes=told(report))
    digest = build(analysis, budget_tokens=400, zone=UTC, only_telling=False)
    assert "2 of 300 job* went differently:" in digest.text
    assert 'never wrote "finished <id> well"' in digest.text
    assert digest.n_lines == len(lines) == digest.n_shown + digest.n_folded + digest.n_skipped

"""Ignored messages are folded and counted; every line stays accounted for."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.skills.logs.analysis import Analysis, analyse
from bot.skills.logs.digest import build
from bot.skills.logs.marks import Marking, apply
from bot.skills.logs.sources import TextStream
from bot.store.log_marks import Mark, MarkKind

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEXT = "".join(f"ERROR disk {n} full\n" for n in range(7)) + "ERROR no route\nINFO well\n"


def analysis(service: str = "a") -> Analysis:
    return analyse({service: (TextStream(name="a.log", text=TEXT),)}, None, NOW)


def mark(found: Analysis, words: str, service: str, kind: MarkKind = MarkKind.IGNORED) -> Mark:
    (row,) = (m.row for m in found.movements if words in m.row.pattern)
    return Mark(
        mark_id=1,
        kind=kind,
        service=service,
        template_id=row.template_id,
        value=row.value,
        pattern=row.pattern,
        reason="why",
        user_id="U1",
        name="Maya",
        created_at=NOW,
    )


def test_ignored_lines_leave_the_findings_and_count_as_folded() -> None:
    found = analysis()
    ignored = mark(found, "disk", "a")
    marked = apply(Marking(marks=(ignored,)), found)
    digest = build(marked.analysis, budget_tokens=900, zone=UTC)
    assert marked.ignored == ((ignored, 7),)
    assert [entry.quote for entry in digest.entries] == ["ERROR no route"]
    assert (digest.n_lines, digest.n_shown, digest.n_folded) == (9, 1, 8)


def test_a_mark_holds_for_its_service_only() -> None:
    found = analysis()
    marked = apply(Marking(marks=(mark(found, "disk", "b"),)), found)
    assert marked.ignored == ()
    assert marked.analysis == found


def test_a_mark_on_a_text_holds_for_every_text() -> None:
    marking = Marking(marks=(mark(analysis(), "disk", ""),), is_text=True)
    assert apply(marking, analysis("other.log")).n_ignored_lines == 7
    assert apply(Marking(marks=marking.marks), analysis()).n_ignored_lines == 0


def test_a_known_issue_is_not_folded() -> None:
    found = analysis()
    marking = Marking(marks=(mark(found, "disk", "a", MarkKind.KNOWN),))
    assert apply(marking, found).analysis == found
    (moved,) = (m for m in found.movements if "disk" in m.row.pattern)
    assert marking.mark_of(moved, MarkKind.KNOWN) == marking.marks[0]

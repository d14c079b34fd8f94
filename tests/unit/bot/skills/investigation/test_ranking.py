"""What began first and upstream is the cause; what does not fit is ruled out by name."""

from __future__ import annotations

from collections.abc import Callable

from bot.skills.investigation.case_file import CaseFile
from bot.skills.investigation.clues import Clue, Look, Stance, Tool
from bot.skills.investigation.ranking import Against, Conclusion, Confidence, conclude

Began = Callable[..., Clue]
Seen = Callable[..., CaseFile]


def named(conclusion: Conclusion) -> tuple[str, str] | None:
    cause = conclusion.cause
    return (cause.cause.cause_id, cause.service) if cause is not None else None


def reasons(conclusion: Conclusion) -> set[tuple[str, str, Against]]:
    return {(each.cause_id, each.service, each.why) for each in conclusion.ruled_out}


def test_nothing_wrong_names_no_cause(case: CaseFile) -> None:
    conclusion = conclude(case)
    assert named(conclusion) is None
    assert not conclusion.symptoms


def test_a_cause_without_trouble_is_none(seen: Seen, began: Began) -> None:
    change = began("checkout", "deploy", 10, tool=Tool.CHANGES, weight=1.5, is_symptom=False)
    assert named(conclude(seen(change))) is None


def test_the_upstream_cause_explains_what_depends_on_it(seen: Seen, began: Began) -> None:
    case = seen(
        began("checkout", "dependency", 20, weight=1.5, names=("orders",)),
        began("orders", "dependency", 20.5, weight=1.5, names=("orders-db",)),
        began("orders-db", "disk_full", 21),
    )
    conclusion = conclude(case)
    assert named(conclusion) == ("disk_full", "orders-db")
    assert conclusion.confidence is Confidence.VERY_LIKELY
    assert conclusion.cause is not None
    assert {each.number for each in conclusion.cause.consequences} == {1, 2}


def test_a_change_of_a_service_nothing_leads_to_is_ruled_out(seen: Seen, began: Began) -> None:
    case = seen(
        began("checkout", "error", 20, weight=1.2),
        began("search", "deploy", 21, tool=Tool.CHANGES, weight=1.5, is_symptom=False),
    )
    conclusion = conclude(case)
    assert named(conclusion) == ("error", "checkout")
    assert conclusion.confidence is Confidence.POSSIBLE
    assert ("deploy", "search", Against.UNCONNECTED) in reasons(conclusion)


def test_a_change_just_before_explains_an_error_of_its_own(seen: Seen, began: Began) -> None:
    case = seen(
        began("checkout", "error", 20, weight=1.2),
        began("checkout", "deploy", 24, tool=Tool.CHANGES, weight=1.5, is_symptom=False),
    )
    assert named(conclude(case)) == ("deploy", "checkout")


def test_changes_after_and_long_before_are_ruled_out(seen: Seen, began: Began) -> None:
    change = {"tool": Tool.CHANGES, "weight": 1.5, "is_symptom": False}
    case = seen(
        began("checkout", "error", 20, weight=1.2),
        began("checkout", "deploy", 5, **change),
        began("checkout", "deploy", 59, **change),
    )
    conclusion = conclude(case)
    assert named(conclusion) == ("error", "checkout")
    assert {
        ("deploy", "checkout", Against.TOO_LATE),
        ("deploy", "checkout", Against.TOO_EARLY),
    } <= reasons(conclusion)


def test_what_is_said_directly_wins_over_a_change(seen: Seen, began: Began) -> None:
    case = seen(
        began("checkout", "certificate", 20),
        began("checkout", "deploy", 22, tool=Tool.CHANGES, weight=1.5, is_symptom=False),
    )
    assert named(conclude(case)) == ("certificate", "checkout")


def test_what_was_so_before_is_ruled_out_and_never_a_cause(seen: Seen, began: Began) -> None:
    usual = Clue(
        tool=Tool.ALERTS, service="checkout", stance=Stance.USUAL, text="x", signal="disk_full"
    )
    conclusion = conclude(seen(usual, began("checkout", "dns", 10)))
    assert named(conclusion) == ("dns", "checkout")
    assert ("disk_full", "checkout", Against.USUAL) in reasons(conclusion)


def test_a_look_that_failed_takes_one_degree(seen: Seen, began: Began) -> None:
    metric = began("checkout", "oom", 20, tool=Tool.METRICS, weight=1.5, is_symptom=False)
    case = seen(began("checkout", "oom", 20), metric)
    assert conclude(case).confidence is Confidence.VERY_LIKELY
    case.add(Look(tool=Tool.CLUSTER, service="checkout", failure="no kubectl"))
    assert conclude(case).confidence is Confidence.LIKELY
    assert conclude(case, is_complete=False).confidence is Confidence.LIKELY


def test_a_service_that_does_not_answer_is_likely_at_most(seen: Seen, began: Began) -> None:
    case = seen(
        began("checkout", "dependency", 20, weight=1.5, names=("bank",)),
        began("checkout", "error", 19.5, weight=1.2),
    )
    conclusion = conclude(case)
    assert named(conclusion) == ("dependency", "bank")
    assert conclusion.confidence is Confidence.LIKELY


def test_every_conclusion_names_evidence_that_exists(seen: Seen, began: Began) -> None:
    case = seen(began("checkout", "lock", 20), began("search", "oom", 40))
    conclusion = conclude(case)
    numbers = {each.number for each in case.numbered}
    assert conclusion.cause is not None
    assert conclusion.cause.evidence
    told = [conclusion.cause.evidence, *(each.evidence for each in conclusion.ruled_out)]
    assert all(each.number in numbers for evidence in told for each in evidence)

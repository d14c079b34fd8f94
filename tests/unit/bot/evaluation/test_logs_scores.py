"""Each score is worked out by hand on a few lines."""

from __future__ import annotations

import pytest

from bot.evaluation import logs_planted
from bot.evaluation.logs_grouping import score
from bot.evaluation.logs_sessions import detect, detection_of
from bot.evaluation.logs_signals import Signal, critical_signals, missing, recall_of


def test_the_same_groups_under_other_names_are_perfect() -> None:
    found = score(["a", "a", "b"], [7, 7, 9])
    assert (found.ga, found.fga, found.purity, found.completeness) == (1, 1, 1, 1)


def test_a_split_group_costs_completeness_and_no_purity() -> None:
    found = score(["a", "a", "a", "b"], [1, 1, 2, 3])
    assert found.ga == pytest.approx(1 / 4)
    assert found.fga == pytest.approx(2 * 1 / (2 + 3))
    assert found.purity == 1
    assert found.completeness == pytest.approx(3 / 4)


def test_a_merged_group_costs_purity_and_no_completeness() -> None:
    found = score(["a", "a", "b", "c"], [1, 1, 1, 2])
    assert found.purity == pytest.approx(3 / 4)
    assert found.completeness == 1
    assert found.ga == pytest.approx(1 / 4)


@pytest.mark.parametrize(("labels", "found"), [([], []), (["a"], [1, 2])])
def test_partitions_of_other_lines_are_refused(labels: list[str], found: list[int]) -> None:
    with pytest.raises(ValueError, match="expected as many"):
        score(labels, found)


def test_a_signal_is_kept_by_its_value_an_alias_or_its_file() -> None:
    truth = {
        "required_signals": [
            {"importance": "critical", "value": "boom at 7", "aliases": ["boom"]},
            {"importance": "critical", "file": "src/a.py", "line": 3},
            {"importance": "optional", "value": "never mind"},
        ]
    }
    signals = critical_signals(truth)
    assert len(signals) == 2
    assert missing(signals, "a boom in src/a.py:3") == ()
    assert missing(signals, "Boom at 7 in a.py") == signals


def test_labels_without_signals_are_refused() -> None:
    with pytest.raises(ValueError, match="required_signals"):
        critical_signals({})
    with pytest.raises(ValueError, match="neither a value nor a file"):
        critical_signals({"required_signals": [{"importance": "critical"}]})


def test_recall_is_the_mean_over_cases_that_have_critical_signals() -> None:
    one, two = Signal(texts=("one",)), Signal(texts=("two",))
    found = recall_of({"a": ((one, two), (two,)), "b": ((one,), ()), "c": ((), ())}, 42)
    assert found.recall == pytest.approx(0.75)
    assert (found.n_kept, found.n_signals) == (2, 3)
    assert found.missed == ("a: two",)


def test_detection_weighs_what_was_found_against_what_is_labelled() -> None:
    found = detection_of({"a", "b"}, {"b", "c", "d"}, 10)
    assert found.precision == pytest.approx(1 / 2)
    assert found.recall == pytest.approx(1 / 3)
    assert found.f1 == pytest.approx(2 / 5)
    assert detection_of(set(), set(), 10).f1 == 0


def test_a_session_that_ends_early_is_detected_among_others() -> None:
    names = [f"job_{n}" for n in range(60)]
    lines = [f"begin {name}".encode() for name in names]
    lines += [f"finished {name} well".encode() for name in names if name != "job_7"]
    found = detect(lines, {name: name == "job_7" for name in names})
    assert (found.f1, found.n_all) == (1, 60)


@pytest.mark.parametrize("kind", logs_planted.KINDS)
@pytest.mark.parametrize("form", logs_planted.FORMATS)
@pytest.mark.parametrize("apart", [False, True])
def test_planted_changes_are_found(kind: str, form: str, *, apart: bool) -> None:
    assert logs_planted.finds(kind, form, seed=99, apart=apart)


def test_equal_halves_have_no_findings_and_different_ones_have() -> None:
    steady = [f"2026-03-02 09:00:{n % 60:02d} INFO served {n}" for n in range(200)]
    assert logs_planted.false_in_split(steady, seed=1) == []

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from promql_parser import parse

from bot.evaluation.code_case import CodeCase, read_cases
from bot.evaluation.code_check import check_answer
from bot.evaluation.code_queries import canonical
from bot.skills.code.asked import detect
from bot.skills.code.languages import Language
from bot.skills.code.snippets import Collection
from bot.skills.code.validators import logql_tree, validate

_CASES = read_cases()
_EXECUTED = (Language.BASH, Language.PYTHON)
_HERE = [case for case in _CASES if case.language not in _EXECUTED]


def test_there_are_a_hundred_cases_over_all_languages() -> None:
    assert len(_CASES) >= 100
    n_by_language = Counter(case.language for case in _CASES)
    wanted = set(Language) - {Language.SQL, Language.YAML, Language.JSON, Language.OTHER}
    assert set(n_by_language) == wanted
    assert min(n_by_language.values()) >= 6


@pytest.mark.parametrize("case", _HERE, ids=lambda case: case.name)
def test_a_checker_takes_the_right_answer_and_refuses_the_wrong_one(case: CodeCase) -> None:
    assert check_answer(case, case.right).reason == ""
    assert check_answer(case, case.right).passed is True
    wrong = check_answer(case, case.wrong)
    assert wrong.passed is False
    assert wrong.reason


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
async def test_a_right_answer_is_valid(case: CodeCase) -> None:
    assert (await validate(case.language, case.right)).problem == ""


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_a_request_says_its_language(case: CodeCase) -> None:
    assert detect(case.ask) is case.language


def test_no_case_is_the_request_of_a_snippet() -> None:
    collection = Collection()
    asks = {
        ask.casefold()
        for language in {case.language for case in _CASES}
        for snippet in collection.snippets(language)
        for ask in snippet.ask
    }
    assert not [case.name for case in _CASES if case.ask.casefold() in asks]


def test_an_empty_answer_is_wrong() -> None:
    assert check_answer(_CASES[0], " \n").passed is False


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1", "hold a list"),
        ("- {id: a, ask: b}", "a case has"),
        ("- [", "cannot be read"),
        ("- &a {id: a, ask: b, check: {}, right: a, wrong: b}\n- *a", "stands twice"),
    ],
)
def test_faulty_cases_are_refused_with_their_place(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "bash.yaml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=fault):
        read_cases(tmp_path)


def test_no_cases_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no cases"):
        read_cases(tmp_path)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sum(rate(a[5m])) by (x, y)", "sum by (y,x) ((rate(a[300s])))", True),
        ('a{x="1",y="2"}', 'a{y="2", x="1"}', True),
        ("a + b", "b + a", True),
        ("a - b", "b - a", False),
        ("a / on(x) b", "a / b", False),
        ("a > bool 1", "a > 1", False),
        ("rate(a[5m])", "rate(a[5m] offset 1h)", False),
        ("sum without (x) (a)", "sum by (x) (a)", False),
        ("topk(3, a)", "topk(4, a)", False),
    ],
)
def test_promql_trees_are_the_same_when_they_mean_the_same(
    one: str, other: str, same: bool
) -> None:
    assert (canonical(parse(one)) == canonical(parse(other))) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{a="1",b="2"}', '{b="2", a=`1`}', True),
        ('sum(rate({a="1"}[5m])) by (x, y)', 'sum by (y,x) (rate({a="1"}[300s]))', True),
        ('count_over_time({a="1"} |= "x" [5m])', 'count_over_time({a="1"}[5m] |= "x")', True),
        ('{a="1"} | json | b > 1s', '{a="1"} | json | b > 1000ms', True),
        ('{a="1"} | json | b = 1 and c = 2', '{a="1"} | json | c == 2, b = 1', True),
        ('{a="1"} |= "x" != "y"', '{a="1"} != "y" |= "x"', False),
        ('{a="1"} |= "x"', '{a="1"} |~ "x"', False),
    ],
)
def test_logql_trees_are_the_same_when_they_mean_the_same(one: str, other: str, same: bool) -> None:
    assert (logql_tree.parse(one) == logql_tree.parse(other)) is same

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cli.evaluate_code import spread
from bot.evaluation.code import evaluate, judge
from bot.evaluation.code_asking import NoModel, ask
from bot.evaluation.code_case import CodeCase, read_cases
from bot.evaluation.code_check import check_tree
from bot.skills.code.draft import Draft, Solution, Task
from bot.skills.code.languages import Language
from bot.skills.code.skill import CodeSkill
from bot.skills.code.snippets import Collection
from bot.skills.code.verdict import Verdict

_CASE = CodeCase(
    case_id="status",
    language=Language.REGEX,
    ask="regex for 5xx",
    check={"whole": True, "match": ["500"], "no_match": ["400"]},
    right=r"5\d\d",
    wrong=r"\d{3}",
)
_VALID = Verdict(tool="x")


def _solution(*drafts: Draft, language: Language = Language.REGEX) -> Solution:
    task = Task(request_id="r", text=_CASE.ask, language=language, earlier="")
    return Solution(task=task, drafts=drafts)


def test_a_repair_that_helped_is_counted_after_and_not_before() -> None:
    bad = Draft(code=r"(5\d\d", verdict=Verdict(tool="x", problem="unterminated"))
    run = judge(_CASE, _solution(bad, Draft(code=_CASE.right, verdict=_VALID)))
    assert (run.before, run.after, run.n_repairs) == (False, True, 1)
    assert (run.valid_before, run.valid_after) == (False, True)


def test_a_request_taken_for_another_language_is_wrong() -> None:
    draft = Draft(code=_CASE.right, verdict=_VALID)
    run = judge(_CASE, _solution(draft, language=Language.BASH))
    assert run.after is False
    assert "another language" in run.reason


def test_a_model_that_wrote_nothing_is_wrong_with_its_reason() -> None:
    run = judge(_CASE, _solution(Draft(failure="the model is not loaded")))
    assert (run.after, run.reason) == (False, "the model is not loaded")


async def test_the_counts_add_up() -> None:
    answers = iter([_CASE.right, _CASE.wrong, "("])

    async def solve(_: CodeCase) -> Solution:
        return _solution(Draft(code=next(answers), verdict=_VALID))

    said: list[str] = []
    report = await evaluate(
        [_CASE] * 3, solve, model="m", with_snippets=False, progress=said.append
    )
    assert (report.total.n, report.total.n_judged, report.total.n_after) == (3, 3, 1)
    assert report.by_language["regex"] == report.total
    assert sum(each.n for each in report.by_source.values()) == 3
    assert len(said) == 3


async def test_what_no_snippet_answers_is_left_without_a_model() -> None:
    skill = CodeSkill(NoModel(), snippets=Collection())
    solution = await ask(skill, replace(_CASE, ask="regex for the names of my three cats"))
    assert solution.snippet is None
    assert solution.drafts[0].failure == "no model was asked"


def test_a_limit_takes_the_languages_in_turn() -> None:
    cases = read_cases()
    n_languages = len({case.language for case in cases})
    assert len({case.language for case in spread(cases, n_languages)}) == n_languages


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        ({"at": "documents/a/b", "is": 1}, True),
        ({"at": "documents/a/b", "is": 2}, False),
        ({"at": "documents/*/b", "is": 1}, True),
        ({"at": "**/d", "has": "ell"}, True),
        ({"at": "documents/c/d", "lacks": "ell"}, False),
        ({"at": "documents/x", "absent": True}, True),
        ({"at": "documents/a", "absent": True}, False),
        ({"at": "documents/x", "or_at": ["documents/a/b"], "in": [1, 5]}, True),
        ({"at": "documents/c/e", "is": True}, True),
        ({"at": "**/d", "all_match": "^h"}, False),
    ],
)
def test_assertions_on_trees(test: dict[str, object], passes: bool) -> None:
    code = "a: {b: 1}\nc: [{d: hello}, {d: other, e: yes}]\n"
    assert check_tree(code, {"assert": [test]}, Language.YAML).passed is passes

"""Whether an answer does what was asked: one checker per language, all by behaviour."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from bot.skills.code.languages import Language

from .code_case import CodeCase, Outcome
from .code_functions import check_function
from .code_queries import check_logql, check_promql
from .code_sandbox import SandboxError
from .code_shell import check_shell
from .code_sql import check_sql
from .code_texts import check_cron, check_jq, check_regex
from .code_trees import TREES, as_text, at

_CHECKERS: Mapping[Language, Callable[[str, Mapping[str, Any]], Outcome]] = {
    Language.BASH: check_shell,
    Language.PYTHON: check_function,
    Language.PROMQL: check_promql,
    Language.LOGQL: check_logql,
    Language.REGEX: check_regex,
    Language.JQ: check_jq,
    Language.CRON: check_cron,
}
_TESTS = ("is", "has", "lacks", "matches", "in", "absent", "all_match")


def check_answer(case: CodeCase, code: str) -> Outcome:
    """Judge an answer to a case; an answer that nothing here can execute is not judged."""
    if not code.strip():
        return Outcome(passed=False, reason="there is no code")
    if case.language.is_sql:
        return check_sql(code, case.check, case.language)
    if case.language in _CHECKERS:
        try:
            return _CHECKERS[case.language](code, case.check)
        except SandboxError as exc:
            return Outcome(passed=None, reason=f"not executed: {exc}")
    return check_tree(code, case.check, case.language)


def check_tree(code: str, check: Mapping[str, Any], language: Language) -> Outcome:
    """Hold what an answer declares against assertions.

    Args:
        check: `assert`, a list of mappings with `at`, a path, and one test: `is` (a value),
            `in` (values), `has`, `lacks` (parts of a text), `matches`, `all_match` (expressions),
            `absent`. A test holds when it does for one value at the path; `lacks`, `all_match`
            and `absent` when for all.
    """
    try:
        tree = TREES[language](code)
    except (ValueError, AttributeError, TypeError) as exc:
        return Outcome(passed=False, reason=str(exc)[:200])
    for each in check["assert"]:
        if not _holds(tree, cast("dict[str, Any]", each)):
            test = next(name for name in _TESTS if name in each)
            got = [as_text(value)[:40] for value in at(tree, each["at"])[:3]]
            return Outcome(passed=False, reason=f"{each['at']} {test} {each[test]}: {got}")
    return Outcome(passed=True)


def _holds(tree: object, test: Mapping[str, Any]) -> bool:
    texts = [text for path in _paths(test) for text in map(as_text, at(tree, path))]
    if "absent" in test:
        return not texts
    if "lacks" in test:
        return not any(as_text(test["lacks"]) in text for text in texts)
    if "all_match" in test:
        return bool(texts) and all(re.search(str(test["all_match"]), text) for text in texts)
    if "is" in test:
        return as_text(test["is"]) in texts
    if "in" in test:
        return any(as_text(value) in texts for value in test["in"])
    if "has" in test:
        return any(as_text(test["has"]) in text for text in texts)
    return any(re.search(str(test["matches"]), text) for text in texts)


def _paths(test: Mapping[str, Any]) -> list[str]:
    """The path of a test, and others at which the same may be said."""
    return [str(test["at"]), *map(str, test.get("or_at", []))]

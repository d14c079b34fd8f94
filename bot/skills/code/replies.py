"""What people see of a piece of code: the plan, the block as it grows, the checked block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.messages import Code, Note, Part, Phase, Prose, Reply

from .draft import Draft, Solution, Task
from .languages import Language

_CHECKERS = {
    Language.PROMQL: "promql-parser and the documented metric names check it",
    Language.LOGQL: "a LogQL parser checks it",
    Language.BASH: "bash -n and shellcheck check it",
    Language.PYTHON: "Python's compiler and ruff check it",
    Language.SQL: "sqlglot checks it",
    Language.POSTGRESQL: "sqlglot checks it",
    Language.MYSQL: "sqlglot checks it",
    Language.SQLITE: "sqlglot and SQLite check it",
    Language.KUBERNETES: "the fields of Kubernetes' own types check it",
    Language.DOCKERFILE: "an instruction reader and hadolint check it",
    Language.TERRAFORM: "an HCL parser checks it",
    Language.ANSIBLE: "the declared arguments of Ansible's modules check it",
    Language.YAML: "PyYAML checks it",
    Language.JSON: "a JSON parser checks it",
    Language.JQ: "jq compiles it",
    Language.REGEX: "Python's re compiles it",
    Language.CRON: "croniter reads it and tells the first run",
    Language.SYSTEMD: "the known directives and systemd-analyze check it",
    Language.NGINX: "crossplane checks it",
    Language.OTHER: "nothing here can check it",
}


def working(language: Language, parts: tuple[Part, ...], status: str) -> Reply:
    """The plan, with what there is of the code so far."""
    plan = f"One block of {language.label}; {_CHECKERS[language]}. Nothing is executed."
    return Reply(parts=(Note(text=plan), *parts), summary=plan, phase=Phase.WORKING, status=status)


def block(task: Task, code: str, checks: tuple[str, ...] = ()) -> Code:
    """The code as a part of a reply."""
    return Code(language=task.language.fence, text=code, checks=checks)


def final(solution: Solution) -> Reply:
    """The best draft with everything that was checked, doubted and left open."""
    task, drafts, best = solution.task, solution.drafts, solution.best
    if best is None:
        return _nothing(drafts[-1].failure)
    parts: list[Part] = [block(task, best.code, best.verdict.lines())]
    if not best.verdict.is_valid:
        parts.insert(0, Prose(text=_refusal(task, best, len(drafts) - 1)))
    parts.extend(Note(text=text) for text in (*_rounds(drafts, best), *_sources(solution)))
    state = "checked" if best.verdict.is_valid else "not valid"
    facts = {"language": task.language.value, "code": best.code}
    if solution.snippet is not None:
        facts["snippet"] = solution.snippet.snippet.name
    return Reply(
        parts=tuple(parts),
        summary=f"{task.language.label}, {state}: {best.code.splitlines()[0]}",
        facts=facts,
    )


def _rounds(drafts: Sequence[Draft], best: Draft) -> Iterator[str]:
    """What each repair was for, and which of them did not help."""
    at = drafts.index(best)
    for number, draft in enumerate(drafts):
        if number < at and draft.verdict.complaint:
            yield f"repaired after {draft.verdict.tool or 'a check'}: {draft.verdict.complaint}"
        elif number > at:
            why = draft.failure or draft.verdict.complaint
            yield f"repair {number} was not better: {why}"


def _sources(solution: Solution) -> Iterator[str]:
    """Where the code, its names and its pattern come from."""
    task, match = solution.task, solution.snippet
    if match is not None:
        yield f"from the snippet collection, not written by the model: {match.snippet.name}"
        if match.filling.values:
            yield f"from your request: {_pairs(match.filling.values)}"
        if match.examples_left:
            yield f"examples to replace: {_pairs(match.examples_left)}"
        if match.snippet.note:
            yield match.snippet.note
        return
    if task.examples:
        names = ", ".join(each.snippet.name for each in task.examples)
        yield f"written by the model with {names} of the snippet collection as an example"
    if task.titles and solution.best is not None and solution.best.verdict.is_valid:
        yield f"names from: {', '.join(task.titles)}"


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _refusal(task: Task, best: Draft, n_repairs: int) -> str:
    return (
        f"This is not valid {task.language.label}, also after {n_repairs} repairs, so don't use "
        f"it as it is: {best.verdict.problem}."
    )


def _nothing(failure: str) -> Reply:
    reason = failure or "the model wrote no code"
    text = f"No code: {reason}. Ask again, or name the language and the exact names to use."
    return Reply(parts=(Prose(text=text),), summary=text, phase=Phase.FAILED)

"""What people see of a piece of code: the plan, the block as it grows, the checked block."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages import Code, Note, Part, Phase, Prose, Reply
from bot.provenance import DOCUMENTS

from .draft import Draft, Task
from .languages import Language

_CHECKERS = {
    Language.PROMQL: "promql-parser and the documented metric names check it",
    Language.BASH: "bash -n and shellcheck check it",
    Language.PYTHON: "Python's compiler checks it",
    Language.SQL: "sqlglot checks it",
    Language.KUBERNETES: "PyYAML checks it, with apiVersion, kind and name",
    Language.YAML: "PyYAML checks it",
    Language.JSON: "a JSON parser checks it",
    Language.REGEX: "Python's re compiles it",
    Language.CRON: "APScheduler reads it and tells the first run",
    Language.OTHER: "nothing here can check it",
}


def working(language: Language, parts: tuple[Part, ...], status: str) -> Reply:
    """The plan, with what there is of the code so far."""
    plan = f"One block of {language.label}; {_CHECKERS[language]}. Nothing is executed."
    return Reply(parts=(Note(text=plan), *parts), summary=plan, phase=Phase.WORKING, status=status)


def block(task: Task, code: str, checks: tuple[str, ...] = ()) -> Code:
    """The code as a part of a reply."""
    return Code(language=task.language.fence, text=code, checks=checks)


def final(task: Task, drafts: Sequence[Draft]) -> Reply:
    """The best draft with everything that was checked, doubted and left open."""
    written = [draft for draft in drafts if draft.code]
    if not written:
        return _nothing(drafts[-1].failure)
    best = min(written, key=lambda draft: draft.verdict.rank)
    parts: list[Part] = [block(task, best.code, best.verdict.lines())]
    if not best.verdict.is_valid:
        parts.insert(0, Prose(text=_refusal(task, best, len(drafts) - 1)))
    fixed = [d.verdict for d in drafts[: drafts.index(best)] if d.verdict.complaint]
    parts.extend(Note(text=f"fixed after {v.tool or 'a check'}: {v.complaint}") for v in fixed)
    if task.titles and best.verdict.is_valid:
        parts.append(Note(text=f"names from: {', '.join(task.titles)}"))
    state = "checked" if best.verdict.is_valid else "not valid"
    return Reply(
        parts=tuple(parts),
        summary=f"{task.language.label}, {state}: {best.code.splitlines()[0]}",
        facts={
            "language": task.language.value,
            "code": best.code,
            DOCUMENTS: task.documents,
        },
    )


def _refusal(task: Task, best: Draft, n_repairs: int) -> str:
    return (
        f"This is not valid {task.language.label}, also after {n_repairs} repairs, so don't use "
        f"it as it is: {best.verdict.problem}."
    )


def _nothing(failure: str) -> Reply:
    reason = failure or "the model wrote no code"
    text = f"No code: {reason}. Ask again, or name the language and the exact names to use."
    return Reply(parts=(Prose(text=text),), summary=text, phase=Phase.FAILED)

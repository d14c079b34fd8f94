"""What is said to a draft: the language's validator, the documents, the command classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .draft import Task
from .grounding import compare, documented_metrics, missed
from .languages import Language
from .said import names_missed
from .validators import cron_line, promql, validate
from .verdict import Verdict

ClassifyShell = Callable[[str], tuple[str, ...]]


async def check(task: Task, code: str, classify_shell: ClassifyShell | None = None) -> Verdict:
    """Validate code, and hold it against what the task and the documents say.

    Args:
        classify_shell: Says in one phrase each what class the commands of shell code have.
    """
    verdict = await validate(task.language, code)
    if not verdict.is_valid:
        return verdict
    verdict = replace(verdict, doubts=(*verdict.doubts, *names_missed(task, code)))
    if task.language is Language.PROMQL:
        return _with_documents(verdict, code, task)
    if task.language is Language.CRON:
        return replace(verdict, doubts=(*verdict.doubts, *cron_line.times_missed(code, task.text)))
    if task.language is Language.BASH and classify_shell:
        return replace(verdict, checked=(*verdict.checked, *classify_shell(code)))
    return verdict


def _with_documents(verdict: Verdict, code: str, task: Task) -> Verdict:
    used = promql.references(code)
    documented = documented_metrics(task.notes)
    grounding = compare(used, documented)
    missing = missed(task.text, code, used, documented)
    checked, unchecked = verdict.checked, verdict.unchecked
    if grounding.known:
        names = ", ".join(f"`{name}`" for name in grounding.known)
        checked = (*checked, f"documented: {names}")
    if len(grounding.known) < len(used.metrics):
        unchecked = (*unchecked, "whether the metric exists")
    else:
        unchecked = (*unchecked, "whether Prometheus has data for it")
    return replace(
        verdict,
        tool="the documents" if grounding.doubts else verdict.tool,
        doubts=(*verdict.doubts, *grounding.doubts, *missing),
        checked=checked,
        unchecked=unchecked,
    )

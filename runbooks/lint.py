"""What is wrong, and what is doubtful, in runbook files: file, line, sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

import yaml

from .actions.kinds import Action
from .catalog import is_prose, lint_path, runbook_files
from .commands.classify import is_known
from .loader_safety import command_line
from .placeholders import Malformed, find
from .schema import MARKDOWN, Outcome, Risk, Runbook, Step
from .yaml_tree import Tree

_WITHOUT_OUTPUT = ("WaitAction", "ManualAction")


class Severity(StrEnum):
    """How bad a finding is."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found in one file.

    Attributes:
        line: Counted from 1.
    """

    path: Path
    line: int
    severity: Severity
    message: str

    def __str__(self) -> str:
        mark = "" if self.severity is Severity.FAULT else f"{self.severity.value}: "
        return f"{self.path}:{self.line}: {mark}{self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """What a look at some files gave.

    Attributes:
        findings: By file, then by line.
    """

    runbooks: tuple[Runbook, ...]
    findings: tuple[Finding, ...]

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)


def lint(paths: Sequence[Path]) -> LintReport:
    """Look at files, and at every runbook file under folders."""
    read = [lint_path(path) for path in paths]
    runbooks = tuple(runbook for found, _ in read for runbook in found)
    faults = [
        Finding(path=f.path, line=f.line, severity=Severity.FAULT, message=f.message)
        for _, found in read
        for f in found
    ]
    doubts = [finding for runbook in runbooks for finding in doubts_about(runbook)]
    findings = (*faults, *doubts, *_ignored(paths))
    ordered = sorted(findings, key=lambda f: (str(f.path), f.line))
    return LintReport(runbooks=runbooks, findings=tuple(ordered))


def doubts_about(runbook: Runbook) -> tuple[Finding, ...]:
    """What a loaded runbook had better not do."""
    lines = _Lines.of(runbook)
    found = (*_unused(runbook, lines), *_steps(runbook, lines))
    return tuple(
        Finding(path=runbook.source, line=line, severity=Severity.WARNING, message=message)
        for line, message in found
    )


def _ignored(paths: Sequence[Path]) -> Iterator[Finding]:
    for path in paths:
        for file in runbook_files(path) if path.is_dir() else (path,):
            if is_prose(file):
                message = "has no front matter, so it is no runbook and was left out"
                yield Finding(path=file, line=1, severity=Severity.NOTE, message=message)


def _unused(runbook: Runbook, lines: _Lines) -> Iterator[tuple[int, str]]:
    used = {
        item.name
        for text in _texts(runbook.steps)
        for item in find(text)
        if not isinstance(item, Malformed) and not item.is_variable
    }
    for parameter in runbook.parameters:
        if parameter.name not in used:
            line = lines.parameters.get(parameter.name, 1)
            yield line, f"parameter {parameter.name!r} is not used"


def _steps(runbook: Runbook, lines: _Lines) -> Iterator[tuple[int, str]]:
    earlier: dict[str, Step] = {}
    for number, step in enumerate(runbook.steps):
        line = lines.steps[number] if number < len(lines.steps) else 1
        doubts = (*_looks(step), *_unguarded(runbook, step), *_unreachable(step, earlier))
        yield from ((line, f"step {step.step_id!r}: {doubt}") for doubt in doubts)
        earlier[step.step_id] = step


def _looks(step: Step) -> Iterator[str]:
    """What only looks must be known to only look."""
    looks: dict[str, Action | None] = {
        "preview": step.preview,
        "verify": step.verify.action if step.verify else None,
    }
    if step.risk is Risk.READ_ONLY:
        looks["run"] = step.action
    for name, action in looks.items():
        argv = command_line(action) if action is not None else ()
        if argv and not is_known(argv[0]):
            yield f"{name} runs {argv[0]}, which is not known: it is taken at its word"


def _unguarded(runbook: Runbook, step: Step) -> Iterator[str]:
    if runbook.source.suffix == MARKDOWN or type(step.action).__name__ in _WITHOUT_OUTPUT:
        return
    if step.risk is not Risk.READ_ONLY and not (step.verify or step.rollback):
        yield "it changes something and has neither verify nor rollback"


def _unreachable(step: Step, earlier: Mapping[str, Step]) -> Iterator[str]:
    when = step.when
    before = earlier.get(when.step_id) if when is not None else None
    if when is None or before is None:
        return
    if when.outcome is Outcome.FAILED and not before.continue_on_failure:
        yield f"it never runs: when {before.step_id!r} fails, the run ends there"
    if when.outcome is Outcome.SKIPPED and before.when is None:
        yield f"it never runs: {before.step_id!r} has no condition, so it is never skipped"
    if when.expect is not None and type(before.action).__name__ in _WITHOUT_OUTPUT:
        yield f"it never runs: {before.step_id!r} has no output to compare"


def _texts(value: object) -> Iterator[str]:
    """Every text in a record, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in cast("Mapping[object, object]", value).values():
            yield from _texts(inner)
    elif isinstance(value, tuple):
        for inner in cast("tuple[object, ...]", value):
            yield from _texts(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _texts(getattr(value, each.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Where steps and parameters stand, counted from 1; nothing where it is not known."""

    steps: tuple[int, ...] = ()
    parameters: Mapping[str, int]

    @classmethod
    def of(cls, runbook: Runbook) -> _Lines:
        content = runbook.source.read_bytes()
        if runbook.source.suffix == MARKDOWN:
            content = re.split(rb"\n---[ \t]*\r?\n", content, maxsplit=1)[0].replace(b"---", b"", 1)
        tree = Tree(path=runbook.source)
        root = tree.parse(content)
        entries = (tree.read_entries(root, "a runbook") if root is not None else None) or {}
        steps = tree.read_items(entries["steps"][1], "steps") if "steps" in entries else ()
        declared = entries.get("parameters")
        named = tree.read_entries(declared[1], "parameters") if declared else None
        return cls(
            steps=tuple(_line(node) for node in steps),
            parameters={name: _line(key) for name, (key, _) in (named or {}).items()},
        )


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1

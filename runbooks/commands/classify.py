"""The class of a command line: what it would do, and why we think so.

The class of a whole is the class of its worst part, and whatever is not understood is forbidden.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .checks import CHECKS, Finding
from .environment import refused_variable
from .invocation import Invocation, NotUnderstoodError, read
from .parse import CommandSyntaxError, Stage, parse
from .paths import secret_in
from .spec import CommandClass, tools

__all__ = ["Classification", "CommandClass", "classify"]

_SYSTEM_FOLDERS = frozenset(
    {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"}
)
_PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_MAX_NESTING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a command line is.

    Attributes:
        reason: One sentence for the person who wrote the line.
        argv: The words to execute; None for a pipeline, and for what was not even parsed.
        pipeline: The argv of every stage; one for a single command, empty where not parsed.
    """

    command_class: CommandClass
    reason: str
    argv: tuple[str, ...] | None = None
    pipeline: tuple[tuple[str, ...], ...] = ()


def classify(command: str | Sequence[str]) -> Classification:
    """Say what a line, or an argv, would do. Never raises for what the line holds."""
    try:
        stages = parse(command)
    except CommandSyntaxError as exc:
        return Classification(command_class=CommandClass.FORBIDDEN, reason=f"the line {exc}")
    findings = [_stage(stage) for stage in stages]
    if len(stages) > 1:
        findings.extend(_pipe_findings(stages, findings))
    worst = max(findings, key=lambda finding: finding.command_class.severity)
    pipeline = tuple(_argv(stage) for stage in stages)
    return Classification(
        command_class=worst.command_class,
        reason=worst.reason,
        argv=pipeline[0] if len(pipeline) == 1 else None,
        pipeline=pipeline,
    )


def is_known(word: str) -> bool:
    """Whether the program that a word names is described at all."""
    return (_program(word) or "") in tools()


def _argv(stage: Stage) -> tuple[str, ...]:
    """The stage without a shell: assignments become arguments of `env`."""
    if not stage.assignments:
        return stage.argv
    return ("env", *(f"{name}={value}" for name, value in stage.assignments), *stage.argv)


def _pipe_findings(stages: tuple[Stage, ...], findings: list[Finding]) -> list[Finding]:
    """Only readers may be piped, and only into filters."""
    if any(finding.command_class is CommandClass.CHANGE for finding in findings):
        return [_forbidden("a pipe may only hold commands that read")]
    return [
        _forbidden(f"{stage.argv[0]} is not a filter, so nothing may be piped into it")
        for stage in stages[1:]
        if not _is_filter(stage.argv)
    ]


def _is_filter(argv: tuple[str, ...]) -> bool:
    tool = tools().get(posixpath.basename(argv[0]))
    if tool is None or tool.filter:
        return tool is not None
    try:
        return read(tool, argv[1:]).tool.filter
    except NotUnderstoodError:
        return False


def _stage(stage: Stage) -> Finding:
    for name, value in stage.assignments:
        reason = refused_variable(name, value)
        if reason:
            return _forbidden(reason)
    return _command(stage.argv, 0)


def _command(argv: tuple[str, ...], depth: int) -> Finding:
    if depth > _MAX_NESTING:
        return _forbidden("commands are wrapped in too many others")
    program = _program(argv[0])
    if program is None:
        return _forbidden(f"{argv[0]!r} is not a program in a system folder")
    tool = tools().get(program)
    if tool is None:
        return _forbidden(f"{program} is not a known tool")
    if tool.command_class is CommandClass.FORBIDDEN and not tool.verbs:
        return _forbidden(f"{program}: {tool.reason or 'is never run'}")
    secret = next((word for word in argv[1:] if secret_in(word, names_only=tool.names_only)), None)
    if secret is not None:
        return _forbidden(f"{secret!r} is, or may hold, credentials or the system's raw memory")
    try:
        invocation = read(tool, argv[1:])
    except NotUnderstoodError as exc:
        return _forbidden(str(exc))
    return _invocation(invocation, depth)


def _program(word: str) -> str | None:
    folder, name = posixpath.split(word)
    if folder and folder not in _SYSTEM_FOLDERS:
        return None
    return name if _PROGRAM.fullmatch(name) else None


def _invocation(invocation: Invocation, depth: int) -> Finding:
    tool = invocation.tool
    findings: list[Finding] = []
    if tool.command_class is not None:
        findings.append(Finding(command_class=tool.command_class, reason=_reason(invocation)))
    if invocation.command:
        findings.append(_inner(invocation, depth + 1))
    for name, _ in invocation.options:
        if name in tool.changing:
            findings.append(_change(f"{tool.title} {name} changes something"))
    if tool.operands is not None and len(invocation.operands) > tool.operands:
        reason = f"{tool.title} with more than {tool.operands} operand(s) does more than read"
        findings.append(Finding(command_class=tool.beyond, reason=reason))
    for name in tool.checks:
        finding = CHECKS[name](invocation)
        if finding is not None:
            findings.append(finding)
    if not findings:
        return _forbidden(f"{tool.title} without a command is not understood")
    worst = max(findings, key=lambda finding: finding.command_class.severity)
    if worst.command_class is CommandClass.CHANGE and _is_trial(invocation):
        reason = f"{tool.title} only tests, or says what it would do"
        return Finding(command_class=CommandClass.READ_ONLY, reason=reason)
    return worst


def _is_trial(invocation: Invocation) -> bool:
    """Whether the tool is told to change nothing, and is not told otherwise as well."""
    trial = invocation.tool.trial
    names = {text.partition("=")[0] for text in trial}
    given = [
        name if value is None else f"{name}={value}"
        for name, value in invocation.options
        if name in names
    ]
    return bool(given) and all(text in trial for text in given)


def _inner(invocation: Invocation, depth: int) -> Finding:
    """The command that a wrapper starts; `env` may set variables before it."""
    command = invocation.command
    while command and invocation.tool.path == ("env",) and "=" in command[0]:
        name, _, value = command[0].partition("=")
        reason = refused_variable(name, value)
        if reason:
            return _forbidden(reason)
        command = command[1:]
    return _command(command, depth) if command else _forbidden("env shows the environment")


def _reason(invocation: Invocation) -> str:
    tool = invocation.tool
    if tool.reason:
        return f"{tool.title}: {tool.reason}"
    if tool.command_class is CommandClass.READ_ONLY:
        return f"{tool.title} only reads"
    if tool.command_class is CommandClass.CHANGE:
        return f"{tool.title} changes something"
    return f"{tool.title} is never run"


def _forbidden(reason: str) -> Finding:
    return Finding(command_class=CommandClass.FORBIDDEN, reason=reason)


def _change(reason: str) -> Finding:
    return Finding(command_class=CommandClass.CHANGE, reason=reason)

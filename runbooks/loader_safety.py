"""What is said to change nothing is held to it: previews, checks and read-only steps.

The classifier of command lines decides where it knows the program: it must call the command
read-only. A program that it does not know (an operator's own script) is let through, for the only
other choice would be a flag in the same file, which whoever wrote the command would set too; it runs
shut in where that is possible. SQL is held to one statement that reads, unless it declares writes.
"""

from __future__ import annotations

from .actions.kinds import (
    Action,
    CommandAction,
    DockerAction,
    HttpAction,
    KubernetesAction,
    SqlAction,
    SshAction,
)
from .commands.classify import CommandClass, classify, is_known
from .placeholders import fill

# What a placeholder may stand for; a command that only looks does so for one of them at least.
_SAMPLES = ("7", "sample", "https://example.org/")
_SAFE_METHODS = ("GET", "HEAD")


def change_in(action: Action) -> str | None:
    """Why an action is not one that only looks; None where nothing is known against it.

    Placeholders may be open: what only looks for some values passes.
    """
    argv = command_line(action)
    return _command_fault(_samples(argv)) if argv else _other_change(action)


def change_in_filled(action: Action) -> str | None:
    """As `change_in`, of an action whose values are known."""
    argv = command_line(action)
    return _command_fault((argv,)) if argv else _other_change(action)


def _other_change(action: Action) -> str | None:
    if isinstance(action, SqlAction) and action.writes:
        return "a statement that may write"
    if isinstance(action, HttpAction) and action.method not in _SAFE_METHODS:
        return f"{action.method} may change something"
    return None


def command_line(action: Action) -> tuple[str, ...]:
    """The argv of an action that runs a program, the program first; else nothing."""
    if isinstance(action, CommandAction | SshAction):
        return action.argv
    if isinstance(action, KubernetesAction):
        return ("kubectl", *action.argv)
    return ("docker", *action.argv) if isinstance(action, DockerAction) else ()


def _samples(argv: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(fill(word, lambda _, sample=sample: sample) for word in argv) for sample in _SAMPLES
    )


def _command_fault(possible: tuple[tuple[str, ...], ...]) -> str | None:
    reasons: list[str] = []
    for argv in possible:
        if not is_known(argv[0]):
            return None
        found = classify(argv)
        if found.command_class is CommandClass.READ_ONLY:
            return None
        reasons.append(found.reason)
    return reasons[0]

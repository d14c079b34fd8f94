"""The class of every shell command that a model's answer shows; pure.

A model suggests, and nothing it suggests has a button: what runs is declared in a runbook. So that
nobody copies a line without knowing what it is, its class and the reason stand under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from runbooks.commands.classify import Classification, CommandClass, classify
from runbooks.commands.spec import tools

from .messages import Note, Prose, Reply

_SPAN = re.compile(r"```(?:[\w+-]*\n)?(.+?)```|`([^`\n]+)`", re.DOTALL)
_PROMPT = re.compile(r"^\s*[$#] +")
_SHELLS = frozenset({"sh", "bash", "zsh", "sudo", "su", "eval", "exec"})
_MAX_LINES = 8
_MAX_SHOWN = 120


def shell_classes(code: str) -> tuple[str, ...]:
    """What each command of some shell code is, in words; the worst of a long script first."""
    lines = [
        line for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(lines) == 1:
        return (_words(classify(lines[0].strip())),)
    found = [(number, classify(line.strip())) for number, line in enumerate(lines, start=1)]
    found.sort(key=lambda item: (-item[1].command_class.severity, item[0]))
    shown = tuple(f"command {number} is {_words(each)}" for number, each in found[:_MAX_LINES])
    left = len(found) - len(shown)
    return (*shown, f"{left} more commands of no worse class") if left else shown


def with_command_notes(reply: Reply) -> Reply:
    """The same reply with a note for every command in the model's sentences."""
    prose = [part.text for part in reply.parts if isinstance(part, Prose) and part.from_model]
    commands = dict.fromkeys(command for text in prose for command in _commands(text))
    notes = tuple(
        Note(text=f"{command[:_MAX_SHOWN]}: {_words(classify(command))}")
        for command in list(commands)[:_MAX_LINES]
    )
    return replace(reply, parts=(*reply.parts, *notes)) if notes else reply


def _words(found: Classification) -> str:
    name = found.command_class.value.replace("_", " ")
    never = found.command_class is CommandClass.FORBIDDEN
    return f"{name}: {found.reason}{'; text only, opsbot never runs it' if never else ''}"


def _commands(text: str) -> Iterator[str]:
    """What in code marks is a command: a known tool, or a shell, with at least one argument."""
    for span in _SPAN.finditer(text):
        for line in (span.group(1) or span.group(2)).splitlines():
            command = _PROMPT.sub("", line).strip()
            first, _, rest = command.partition(" ")
            program = first.rsplit("/", 1)[-1]
            if rest and (program in tools() or program in _SHELLS):
                yield command

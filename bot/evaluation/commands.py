"""How well command lines are told apart: what only reads, what changes, what never runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runbooks.commands.classify import Classification, CommandClass

Judge = Callable[[str | Sequence[str]], Classification]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCase:
    """One labelled command: a line, or a list of arguments."""

    command: str | tuple[str, ...]
    expected: CommandClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Misjudged:
    """One command that was judged otherwise than its label says."""

    command: str
    expected: CommandClass
    got: CommandClass
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReport:
    """The figures.

    Attributes:
        n: By label, how many commands there are.
        n_right: By label, how many were judged so.
        misjudged: Every other command.
    """

    n: dict[str, int]
    n_right: dict[str, int]
    misjudged: tuple[Misjudged, ...]

    @property
    def n_bypasses(self) -> int:
        """Commands labelled forbidden that could run, with or without approval."""
        return sum(each.expected is CommandClass.FORBIDDEN for each in self.misjudged)

    @property
    def n_unapproved(self) -> int:
        """Commands labelled a change that would run without approval."""
        return sum(
            each.expected is CommandClass.CHANGE and each.got is CommandClass.READ_ONLY
            for each in self.misjudged
        )


def read_commands(path: Path) -> tuple[CommandCase, ...]:
    """Read JSON lines with `argv_or_line` and `expect`.

    Raises:
        ValueError: A line is not such a record.
        OSError: The file cannot be read.
    """
    lines = path.read_text("utf-8").splitlines()
    return tuple(_case(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _case(line: str, number: int) -> CommandCase:
    try:
        record = json.loads(line)
        given, expected = record["argv_or_line"], CommandClass(record["expect"])
    except (ValueError, KeyError, TypeError) as exc:
        raise ValueError(f"line {number} is no labelled command: {exc}") from exc
    if isinstance(given, list):
        words = cast("list[object]", given)
        return CommandCase(command=tuple(map(str, words)), expected=expected)
    return CommandCase(command=str(given), expected=expected)


def score_commands(cases: Sequence[CommandCase], judge: Judge) -> CommandReport:
    """Judge every command and compare with its label."""
    found = [(case, judge(case.command)) for case in cases]
    n_right = Counter(c.expected.value for c, got in found if got.command_class is c.expected)
    n = Counter(case.expected.value for case in cases)
    return CommandReport(
        n=dict(sorted(n.items())),
        n_right={name: n_right[name] for name in sorted(n)},
        misjudged=tuple(
            Misjudged(
                command=case.command if isinstance(case.command, str) else " ".join(case.command),
                expected=case.expected,
                got=got.command_class,
                reason=got.reason,
            )
            for case, got in found
            if got.command_class is not case.expected
        ),
    )

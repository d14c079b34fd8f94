"""The description of command line tools, read from `tools/*.yaml`.

A tool is a tree: the program, its verbs, their verbs. What is not described is not understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..errors import ToolDataError


class CommandClass(StrEnum):
    """What a command may do; ordered by `severity`."""

    READ_ONLY = "read_only"
    CHANGE = "change"
    FORBIDDEN = "forbidden"

    @property
    def severity(self) -> int:
        """0 for the harmless end; the class of a whole is its worst part's."""
        return list(CommandClass).index(self)


class Style(StrEnum):
    """How a tool writes options: `-abc --long`, `-long`, or none at all."""

    GNU = "gnu"
    SINGLE = "single"
    NONE = "none"


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


_Words: TypeAlias = Annotated[frozenset[str], BeforeValidator(_words)]
_Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_words)]


class _Entry(BaseModel):
    """One node as written in YAML.

    `flags` take no value (`--color=` may have one attached), `values` take one, `changing` turn a
    reader into a change, `trial` (an option, or `--option=value`) turns a change into a reader,
    `refuse` maps an option or operand to the reason. `command` says where another command begins:
    after N operands, or after `--`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    command_class: CommandClass | None = Field(default=None, alias="class")
    reason: str = ""
    style: Style | None = None
    numeric: bool = False
    lenient: bool = False
    greedy: bool = False
    dashless: bool = False
    ignore_case: bool = False
    filter: bool = False
    names_only: bool = False
    flags: _Words = frozenset[str]()
    values: _Words = frozenset[str]()
    changing: _Words = frozenset[str]()
    trial: _Words = frozenset[str]()
    refuse: Mapping[str, str] = Field(default_factory=dict[str, str])
    operands: int | None = None
    beyond: CommandClass = CommandClass.FORBIDDEN
    checks: _Names = ()
    command: int | Literal["--"] | None = None
    verbs: Mapping[str, _Entry | CommandClass] = Field(
        default_factory=dict[str, "_Entry | CommandClass"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program, or one of its verbs, with everything inherited filled in.

    Attributes:
        path: The program and the verbs that lead here.
        command_class: None where the class comes from a verb or from an inner command.
        trial: Options, with their value if they have one, that make the tool change nothing.
        refuse: Option or operand -> why it is forbidden.
        operands: Most operands of this class; more of them are of class `beyond`.
        command: Where an inner command begins: after so many operands, or after "--".
        filter: May read from a pipe.
        names_only: Shows names and sizes of files, never their content.
        lenient: Options that are not described are harmless flags.
        dashless: The first word may be options without their dash, as in `tar tzf`.
        greedy: Long options that are not described take every word up to the next option.
    """

    path: tuple[str, ...]
    command_class: CommandClass | None
    reason: str
    style: Style
    numeric: bool
    lenient: bool
    greedy: bool
    dashless: bool
    ignore_case: bool
    filter: bool
    names_only: bool
    flags: frozenset[str]
    values: frozenset[str]
    changing: frozenset[str]
    trial: frozenset[str]
    refuse: Mapping[str, str]
    operands: int | None
    beyond: CommandClass
    checks: tuple[str, ...]
    command: int | Literal["--"] | None
    verbs: Mapping[str, Tool]

    @property
    def title(self) -> str:
        """For people: the words that chose this entry."""
        return " ".join(self.path)


@cache
def tools() -> Mapping[str, Tool]:
    """Every described program by name; read once.

    Raises:
        ToolDataError: A file is unreadable, or two describe one program.
    """
    found: dict[str, Tool] = {}
    for file in sorted(files("runbooks.commands").joinpath("tools").iterdir(), key=str):
        if not file.name.endswith(".yaml"):
            continue
        for name, tool in _read_file(file.name, file.read_bytes()).items():
            if name in found:
                raise ToolDataError(f"{file.name}: {name} is already described")
            found[name] = tool
    return found


def _read_file(file_name: str, content: bytes) -> dict[str, Tool]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        entries: Mapping[str, object] = yaml.load(content, Loader=loader)  # noqa: S506 - a safe loader
        parsed = {names: _Entry.model_validate(entry) for names, entry in entries.items()}
    except (yaml.YAMLError, ValidationError, AttributeError) as exc:
        raise ToolDataError(f"{file_name} does not describe tools: {exc}") from exc
    found: dict[str, Tool] = {}
    for names, entry in parsed.items():
        for name in names.split():
            found[name] = _tool((name,), entry, None)
    return found


def _tool(path: tuple[str, ...], entry: _Entry, parent: Tool | None) -> Tool:
    """Fill in what is inherited: options, refusals, checks and style go down, classes do not.

    Where parent and verb disagree about an option, the verb's own word counts: `git log -p` shows
    patches although `git -p` starts a pager.
    """
    above: Mapping[str, str] = parent.refuse if parent else {}
    refuse = {
        name: reason
        for name, reason in above.items()
        if name not in _bare(entry.flags | entry.values | entry.changing)
    }
    own = Tool(
        path=path,
        command_class=entry.command_class,
        reason=entry.reason,
        style=entry.style or (parent.style if parent else Style.GNU),
        numeric=entry.numeric or (parent is not None and parent.numeric),
        lenient=entry.lenient or (parent is not None and parent.lenient),
        dashless=entry.dashless,
        greedy=entry.greedy or (parent is not None and parent.greedy),
        ignore_case=entry.ignore_case or (parent is not None and parent.ignore_case),
        filter=entry.filter,
        names_only=entry.names_only or (parent is not None and parent.names_only),
        flags=_inherited(entry.flags, parent.flags if parent else None, entry),
        values=_inherited(entry.values, parent.values if parent else None, entry),
        changing=_inherited(entry.changing, parent.changing if parent else None, entry),
        trial=_inherited(entry.trial, parent.trial if parent else None, entry),
        refuse={**refuse, **entry.refuse},
        operands=entry.operands,
        beyond=entry.beyond,
        checks=(*(parent.checks if parent else ()), *entry.checks),
        command=entry.command,
        verbs={},
    )
    verbs: dict[str, Tool] = {}
    for names, verb in entry.verbs.items():
        described = (
            _Entry.model_validate({"class": verb}) if isinstance(verb, CommandClass) else verb
        )
        for name in names.split():
            verbs[name] = _tool((*path, name), described, own)
    return replace(own, verbs=verbs)


def _inherited(own: frozenset[str], above: frozenset[str] | None, entry: _Entry) -> frozenset[str]:
    kept = (
        name for name in above or frozenset[str]() if name.removesuffix("=") not in entry.refuse
    )
    return own.union(kept)


def _bare(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.removesuffix("=") for name in names)

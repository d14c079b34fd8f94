"""Dockerfiles: a reader of instructions, and hadolint where it is installed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ..verdict import Verdict
from .programs import find_program, run_program

_TOOL = "the Dockerfile reader"
_NAMES = """
ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL
STOPSIGNAL USER VOLUME WORKDIR
"""
_INSTRUCTIONS = frozenset(_NAMES.split())
_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_]\w*)[\"']?")
_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})
_IMAGE = re.compile(r"(?:--platform=\S+\s+)?(\S+)(?:\s+[aA][sS]\s+(\S+))?\s*")
_FROM_STAGE = re.compile(r"--from=(\S+)")
# Pinned package versions and the like: good advice, but nothing to write an answer again for.
_IGNORED = ("DL3008", "DL3013", "DL3016", "DL3018", "DL3033", "DL3041", "DL3059", "DL3007")
_MAX_DOUBTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction.

    Attributes:
        name: In capitals.
        value: Everything behind the name, continued lines joined by spaces.
        line: Where it begins, from 1.
    """

    name: str
    value: str
    line: int


async def check(code: str) -> Verdict:
    """Read all instructions; hadolint's warnings are doubts."""
    try:
        found = instructions(code)
    except ValueError as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    read = f"{len(found)} instructions read"
    built = "whether it builds: images, packages and copied files"
    doubts = await _hadolint(code)
    if doubts is None:
        return Verdict(
            tool=_TOOL,
            checked=(read,),
            unchecked=("by hadolint: not installed, or it cannot read this", built),
        )
    if doubts:
        return Verdict(tool="hadolint", doubts=doubts, checked=(read,), unchecked=(built,))
    return Verdict(
        tool="hadolint", checked=(f"{read}, hadolint without warnings",), unchecked=(built,)
    )


def instructions(code: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile in order.

    Raises:
        ValueError: A line is no instruction, or stages are not as they must be.
    """
    lines = code.splitlines()
    found: list[Instruction] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        instruction, at = _one(lines, at)
        found.append(instruction)
    _check_stages(found)
    return tuple(found)


def _one(lines: list[str], at: int) -> tuple[Instruction, int]:
    """The instruction that begins at a line, and the line after it."""
    begin, parts = at, [lines[at].strip()]
    while parts[-1].endswith("\\") and at + 1 < len(lines):
        at += 1
        if not lines[at].lstrip().startswith("#"):
            parts[-1] = parts[-1][:-1].strip()
            parts.append(lines[at].strip())
    name, _, value = " ".join(parts).partition(" ")
    name = name.upper()
    if name not in _INSTRUCTIONS:
        raise ValueError(f"line {begin + 1}: {name[:30]} is no Dockerfile instruction")
    if not value.strip():
        raise ValueError(f"line {begin + 1}: {name} says nothing")
    if name in _WITH_HEREDOC and (heredoc := _HEREDOC.search(value)):
        value, at = _with_body(lines, at, value, heredoc.group(1))
    return Instruction(name=name, value=value.strip(), line=begin + 1), at + 1


def _with_body(lines: list[str], at: int, value: str, mark: str) -> tuple[str, int]:
    body = at + 1
    while body < len(lines) and lines[body].strip() != mark:
        body += 1
    if body == len(lines):
        raise ValueError(f"line {at + 1}: the text that ends with {mark} has no end")
    return "\n".join([value, *lines[at + 1 : body]]), body


def _check_stages(found: list[Instruction]) -> None:
    first = next((each for each in found if each.name != "ARG"), None)
    if first is None or first.name != "FROM":
        raise ValueError("a Dockerfile begins with FROM; only ARG may stand before it")
    stages: list[str] = []
    for each in found:
        if each.name == "FROM":
            match = _IMAGE.fullmatch(each.value)
            if match is None:
                raise ValueError(f"line {each.line}: FROM takes an image and perhaps AS a name")
            stages.append((match.group(2) or "").lower())
        elif each.name in {"COPY", "ADD"}:
            _check_copy(each, stages)


def _check_copy(each: Instruction, stages: list[str]) -> None:
    words = [word for word in each.value.split() if not word.startswith("--")]
    if len(words) < 2 and "[" not in each.value:
        raise ValueError(f"line {each.line}: {each.name} takes a source and a destination")
    source = _FROM_STAGE.search(each.value)
    if source and source.group(1).isdigit() and int(source.group(1)) >= len(stages) - 1:
        raise ValueError(f"line {each.line}: there is no stage {source.group(1)} before this one")


async def _hadolint(code: str) -> tuple[str, ...] | None:
    program = find_program("hadolint")
    if program is None:
        return None
    ignored = [word for rule in _IGNORED for word in ("--ignore", rule)]
    argv = [program, "--no-color", "--format=json", "--no-fail", *ignored, "-"]
    _, output, _ = await run_program(argv, code)
    try:
        found = json.loads(output)
    except ValueError:
        return None
    if _HEREDOC.search(code) and any(item["code"] == "DL1000" for item in found):
        return None
    grave = [item for item in found if item["level"] in {"error", "warning"}]
    return tuple(
        f"hadolint {item['code']}, line {item['line']}: {item['message'].splitlines()[0]}"
        for item in grave[:_MAX_DOUBTS]
    )

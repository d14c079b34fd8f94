"""systemd units: sections and directives, and `systemd-analyze verify` where it is installed."""

from __future__ import annotations

import asyncio
import difflib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..verdict import Verdict
from .programs import find_program, run_program
from .systemd_directives import DIRECTIVES, due

_TOOL = "the unit reader"
_SECTION = re.compile(r"\[([A-Za-z]+)\]")
_FILE_NAME = re.compile(r"^[#;]\s*(?:/\S*/)?([\w@.-]+\.(?:service|timer|socket|path|mount))\b")
# About this machine and not about the unit.
_OF_THIS_MACHINE = re.compile(
    r"is not executable|No such file|not found|Failed to (?:load|prepare|create|connect)|"
    r"Unit .* (?:has a bad|is masked)|^\s*$|Attempted to|Permission denied|world-(?:in)?accessible"
)
_MAX_DOUBTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One `Key=value` of a unit, continued lines joined."""

    section: str
    key: str
    value: str


async def check(code: str) -> Verdict:
    """Read one unit file or several; unknown directives are problems."""
    try:
        files = {name: entries(text) for name, text in split_units(code).items()}
    except ValueError as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    problem = next((p for found in files.values() for p in _problems(found)), "")
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    read = "sections and directives are systemd's"
    here = "whether its programs, users and other units exist"
    said = await _verified(split_units(code))
    if said is None:
        return Verdict(
            tool=_TOOL,
            checked=(read,),
            unchecked=("the values, by systemd-analyze: not installed", here),
        )
    return Verdict(
        tool="systemd-analyze",
        doubts=tuple(f"systemd-analyze: {each}" for each in said[:_MAX_DOUBTS]),
        checked=(read, *(() if said else ("systemd-analyze verify has nothing against it",))),
        unchecked=(here,),
    )


def split_units(code: str) -> dict[str, str]:
    """The unit files in some code by name; a name comes from a comment, else from the sections.

    A second file begins at a comment with its name, or where a section comes again.
    """
    pieces: list[tuple[str, list[str]]] = [("", [])]
    seen: set[str] = set()
    for line in code.splitlines():
        name, section = _FILE_NAME.match(line), _SECTION.fullmatch(line.strip())
        if name and _has_entries(pieces[-1][1]):
            pieces.append((name.group(1), []))
            seen = set()
        elif name:
            pieces[-1] = (name.group(1), pieces[-1][1])
        elif section and section.group(1) in seen:
            pieces.append(("", []))
            seen = set()
        if section:
            seen.add(section.group(1))
        pieces[-1][1].append(line)
    texts = [(name, "\n".join(lines)) for name, lines in pieces]
    return {name or _made_up_name(text): text for name, text in texts}


def _has_entries(lines: list[str]) -> bool:
    return any("=" in line for line in lines)


def _made_up_name(text: str) -> str:
    sections = set(_SECTION.findall(text))
    kinds = ("Service", "Timer", "Socket", "Path", "Mount")
    return f"answer.{next((kind for kind in kinds if kind in sections), 'Service').lower()}"


def entries(text: str) -> tuple[Entry, ...]:
    """The entries of one unit file.

    Raises:
        ValueError: A line is neither a section, an entry nor a comment.
    """
    found: list[Entry] = []
    section = ""
    for number, line in _logical_lines(text):
        header = _SECTION.fullmatch(line)
        key, equals, value = line.partition("=")
        if header:
            section = header.group(1)
        elif not equals or not key.strip():
            raise ValueError(f"line {number}: {line[:40]!r} is neither a section nor Key=value")
        elif not section:
            raise ValueError(f"line {number}: {key.strip()} stands before any section")
        else:
            found.append(Entry(section=section, key=key.strip(), value=value.strip()))
    if not found:
        raise ValueError("there is no entry")
    return tuple(found)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    pending, began = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        began = began or number
        if line.endswith("\\"):
            pending += line[:-1].rstrip() + " "
            continue
        found.append((began, pending + line))
        pending, began = "", 0
    return [*found, (began, pending.strip())] if pending else found


def _problems(found: tuple[Entry, ...]) -> list[str]:
    problems: list[str] = []
    for each in found:
        known = DIRECTIVES.get(each.section)
        if known is None and not each.section.startswith("X-"):
            problems.append(f"[{each.section}] is no section of a unit")
        elif known is not None and each.key not in known and not each.key.startswith("X-"):
            near = difflib.get_close_matches(each.key, known, n=1)
            hint = f"; {near[0]} is" if near else _elsewhere(each.key)
            problems.append(f"{each.key} is no directive of [{each.section}]{hint}")
    return problems or due({(each.section, each.key): each.value for each in found})


def _elsewhere(key: str) -> str:
    place = next((name for name, known in DIRECTIVES.items() if key in known), None)
    return f"; it belongs into [{place}]" if place else ""


async def _verified(files: dict[str, str]) -> list[str] | None:
    program = find_program("systemd-analyze")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="opsbot-unit-") as folder:
        await asyncio.to_thread(_write, Path(folder), files)
        paths = [str(Path(folder) / name) for name in files]
        argv = [program, "verify", "--man=no", "--recursive-errors=no", *paths]
        code, _, errors = await run_program(argv, "")
    if code is None:
        return None
    lines = [_without_path(line, folder) for line in errors.splitlines()]
    return [line for line in lines if not _OF_THIS_MACHINE.search(line)]


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        # A drop-in changes a service that starts something; alone it would not be one.
        is_dropin = "[Service]" in text and not re.search(r"^Exec(Start|Stop)=", text, re.MULTILINE)
        rest = "\n[Service]\nExecStart=/bin/true\n" if is_dropin else "\n"
        (folder / name).write_text(text + rest, "utf-8")


def _without_path(line: str, folder: str) -> str:
    return line.replace(f"{folder}/", "").strip()

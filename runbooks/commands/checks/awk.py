"""awk programs: arithmetic and printing pass; files, pipes and commands do not."""

from __future__ import annotations

import re

from ..invocation import Invocation
from .finding import Finding, forbidden

_SAFE_CALLS = frozenset(
    [
        "length",
        "substr",
        "index",
        "split",
        "sub",
        "gsub",
        "gensub",
        "match",
        "tolower",
        "toupper",
        "sprintf",
        "int",
        "sqrt",
        "log",
        "exp",
        "sin",
        "cos",
        "atan2",
        "rand",
        "srand",
        "strftime",
        "mktime",
        "systime",
        "strtonum",
        "asort",
        "asorti",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
        "print",
        "printf",
        "if",
        "for",
        "while",
        "in",
        "return",
        "delete",
        "exit",
        "not",
    ]
)
_NEVER = re.compile(r"system|getline|ENVIRON|PROCINFO|@|\bclose\b|\bfflush\b|\bfunction\b|\bfunc\b")
_OPERAND_AHEAD = frozenset("({,;!~&|=")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PRINT = re.compile(r"\b(print|printf)\b")
_MAX_READINGS = 64


def check(invocation: Invocation) -> Finding | None:
    """Judge the program text, which is the first operand."""
    if not invocation.operands:
        return forbidden("awk without a program")
    for name, value in (item.partition("=")[::2] for item in invocation.values("-v", "--assign")):
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or name in {"ENVIRON", "PROCINFO"} or not value:
            return forbidden("awk -v must set a plain variable")
    reason = _refuse(invocation.operands[0])
    return forbidden(f"the awk program {reason}") if reason else None


def _refuse(program: str) -> str | None:
    if _NEVER.search(program):
        return "uses a command, the environment, another file or its own functions"
    readings = _readings(program)
    if not readings:
        return "cannot be read"
    return next((reason for code in readings if (reason := _refuse_code(code))), None)


def _refuse_code(code: str) -> str | None:
    if "|" in code.replace("||", ""):
        return "uses a pipe"
    if ">>" in code:
        return "writes a file"
    for statement in re.split(r"[{};]", code):
        printed = _PRINT.search(statement)
        if printed and ">" in statement[printed.start() :]:
            return "may write a file (print with >)"
    for word in _WORD.finditer(code):
        called = code[word.end() :].lstrip().startswith("(")
        if called and word.group() not in _SAFE_CALLS:
            return f"calls {word.group()}, which is not known to be harmless"
    return None


def _readings(program: str) -> list[str]:
    """The program with strings and patterns emptied, once for every way to read its slashes.

    Whether a slash divides or begins a pattern is often only known to awk's own grammar; so both are
    read, and one harmful reading is enough. Empty when it cannot be read, or in too many ways.
    """
    open_readings: list[tuple[int, str]] = [(0, "")]
    done: list[str] = []
    while open_readings:
        place, code = open_readings.pop()
        if place >= len(program):
            done.append(code)
            continue
        char = program[place]
        if char in "#\\" or len(open_readings) + len(done) > _MAX_READINGS:
            return []
        end = _closing(program, place) if char in '"/' else None
        if end is not None:
            open_readings.append((end + 1, code + '""'))
        elif char == '"' or (char == "/" and _starts_pattern(code)):
            return []
        if end is None or (char == "/" and not _starts_pattern(code)):
            open_readings.append((place + 1, code + char))
    return done


def _starts_pattern(code: str) -> bool:
    before = code.rstrip()
    return not before or before[-1] in _OPERAND_AHEAD or before[-1] == "}"


def _closing(program: str, start: int) -> int | None:
    """Where a string or pattern ends; None when open, or when a bracket hides a slash."""
    quote = program[start]
    in_bracket = False
    place = start + 1
    while place < len(program):
        char = program[place]
        if char == "\\":
            place += 2
            continue
        if char == quote:
            return None if in_bracket else place
        if quote == "/":
            in_bracket = char == "[" or (in_bracket and char != "]")
        place += 1
    return None

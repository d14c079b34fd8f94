"""Python, compiled and thrown away, and read by ruff: neither runs anything."""

from __future__ import annotations

import json
import platform
import warnings

from ..verdict import Verdict
from .programs import find_program, run_program

_TOOL = "Python's own compiler"
_EFFECT = "types and what it does: it was not run"
# Syntax, undefined and unused names, likely bugs; nothing that is a matter of taste.
_RULES = "E9,F,PLE,B"
_MAX_DOUBTS = 5


async def check(code: str) -> Verdict:
    """Compile a module; ruff's findings are doubts."""
    problem = _problem(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    compiled = f"compiled as Python {platform.python_version()}"
    doubts = await _ruff(code)
    if doubts is None:
        left = ("names, by ruff: not installed", _EFFECT)
        return Verdict(tool=_TOOL, checked=(compiled,), unchecked=left)
    if doubts:
        return Verdict(tool="ruff", doubts=doubts, checked=(compiled,), unchecked=(_EFFECT,))
    return Verdict(
        tool="ruff", checked=(f"{compiled}, names checked by ruff",), unchecked=(_EFFECT,)
    )


def _problem(code: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(code, "<answer>", "exec", dont_inherit=True)
    except SyntaxError as exc:
        return f"line {exc.lineno}: {exc.msg}"
    except (ValueError, RecursionError, MemoryError) as exc:
        return f"cannot be parsed: {exc}"
    return ""


async def _ruff(code: str) -> tuple[str, ...] | None:
    program = find_program("ruff")
    if program is None:
        return None
    options = ["--isolated", "--no-cache", f"--select={_RULES}", "--output-format=json"]
    argv = [program, "check", *options, "--stdin-filename=answer.py", "-"]
    _, output, _ = await run_program(argv, code)
    try:
        found = json.loads(output)
    except ValueError:
        return None
    return tuple(
        f"ruff {item['code']}, line {item['location']['row']}: {item['message']}"
        for item in found[:_MAX_DOUBTS]
    )

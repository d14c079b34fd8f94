"""Regular expressions, compiled by Python's `re`, and tried for runaway backtracking."""

from __future__ import annotations

import json
import re
import sys
import warnings

from ..verdict import Verdict
from .programs import run_program

_TOOL = "Python's re"
_SLASHED = re.compile(r"/(.*)/[gimsuy]*", re.DOTALL)
_PATIENCE_S = 1.0
_FILLERS = ("a", "0", " ", "a.", "/a", "a,", "-", "a ")
_N_REPEATS = 30
# In a process of its own, because nothing stops `re` from inside once it runs away.
_TRIAL = """
import json, re, sys
pattern, lines = json.load(sys.stdin)
for line in lines:
    re.search(pattern, line)
"""


async def check(code: str) -> Verdict:
    """Compile one expression; `/.../flags` loses its slashes first."""
    pattern = bare(code)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    slow = await _slow_on(pattern)
    tried = "tried on repetitive lines without runaway backtracking"
    return Verdict(
        tool=_TOOL,
        doubts=(slow,) if slow else (),
        checked=(f"compiled by {_TOOL}, {compiled.groups} groups", *(() if slow else (tried,))),
        unchecked=("other engines (grep, RE2, PCRE) differ in details",),
    )


def bare(code: str) -> str:
    """The expression without slashes around it and flags behind."""
    slashed = _SLASHED.fullmatch(code.strip())
    return slashed.group(1) if slashed else code.strip()


async def _slow_on(pattern: str) -> str:
    """Whether an expression runs away, in words; empty when nothing tried does."""
    lines = [filler * _N_REPEATS + "\x01" for filler in _FILLERS]
    argv = [sys.executable, "-I", "-S", "-W", "ignore", "-c", _TRIAL]
    code, _, _ = await run_program(argv, json.dumps([pattern, lines]), timeout_s=_PATIENCE_S)
    if code is None:
        return f"backtracks for more than {_PATIENCE_S:.0f} s on a short repetitive line"
    return ""

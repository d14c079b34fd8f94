"""Python, compiled and thrown away: compiling runs nothing."""

from __future__ import annotations

import platform
import warnings

from ..verdict import Verdict

_TOOL = "Python's own compiler"


async def check(code: str) -> Verdict:
    """Compile a module."""
    problem = _problem(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    return Verdict(
        tool=_TOOL,
        checked=(f"compiled as Python {platform.python_version()}",),
        unchecked=("names, types and what it does: it was not run",),
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

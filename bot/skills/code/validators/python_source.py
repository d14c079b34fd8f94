"""Python, compiled to a syntax tree and no further."""

from __future__ import annotations

import ast
import platform
import warnings

from ..verdict import Verdict

_TOOL = "Python's own parser"


async def check(code: str) -> Verdict:
    """Parse a module."""
    problem = _problem(code)
    if problem:
        return Verdict(tool=_TOOL, problem=problem)
    return Verdict(
        tool=_TOOL,
        checked=(f"parsed as Python {platform.python_version()}",),
        unchecked=("names, types and what it does: it was not run",),
    )


def _problem(code: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(code)
    except SyntaxError as exc:
        return f"line {exc.lineno}: {exc.msg}"
    except (ValueError, RecursionError, MemoryError) as exc:
        return f"cannot be parsed: {exc}"
    return ""

"""Regular expressions, compiled by Python's `re`; never matched against anything."""

from __future__ import annotations

import re
import warnings

from ..verdict import Verdict

_TOOL = "Python's re"
_SLASHED = re.compile(r"/(.*)/[gimsuy]*", re.DOTALL)


async def check(code: str) -> Verdict:
    """Compile one expression; `/.../flags` loses its slashes first."""
    slashed = _SLASHED.fullmatch(code.strip())
    pattern = slashed.group(1) if slashed else code.strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as exc:
        return Verdict(tool=_TOOL, problem=str(exc))
    return Verdict(
        tool=_TOOL,
        checked=(f"compiled by {_TOOL}, {compiled.groups} groups",),
        unchecked=("other engines (grep, RE2, PCRE) differ in details",),
    )

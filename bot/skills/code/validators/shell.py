"""Shell, parsed by `bash -n` and read by shellcheck. `-n` reads commands and runs none."""

from __future__ import annotations

import json
import shutil

from ..verdict import Verdict
from .programs import find_program, run_program


async def check(code: str) -> Verdict:
    """Parse a script or a line; shellcheck's warnings and errors are doubts."""
    bash = shutil.which("bash")
    if bash is None:
        return Verdict(tool="", unchecked=("the syntax: bash is not installed",))
    _, _, errors = await run_program([bash, "--norc", "--noprofile", "-n"], code)
    if errors.strip():
        return Verdict(tool="bash -n", problem=_first_error(errors))
    doubts = await _shellcheck(code)
    checked = "parsed by bash -n"
    effect = "what it does: it was not run"
    if doubts is None:
        return Verdict(
            tool="bash -n", checked=(checked,), unchecked=("by shellcheck: not installed", effect)
        )
    if doubts:
        return Verdict(tool="shellcheck", doubts=doubts, checked=(checked,), unchecked=(effect,))
    return Verdict(
        tool="shellcheck",
        checked=(f"{checked} and shellcheck without warnings",),
        unchecked=(effect,),
    )


def _first_error(errors: str) -> str:
    # "bash: line 1: syntax error near ..." loses its program's name.
    return errors.strip().splitlines()[0].partition(": ")[2] or errors.strip()


async def _shellcheck(code: str) -> tuple[str, ...] | None:
    program = find_program("shellcheck")
    if program is None:
        return None
    options = ["--norc", "--shell=bash", "--severity=warning", "--format=json1", "-"]
    _, output, _ = await run_program([program, *options], code)
    try:
        comments = json.loads(output)["comments"]
    except (ValueError, KeyError):
        return None
    return tuple(f"shellcheck SC{item['code']}: {item['message']}" for item in comments[:5])

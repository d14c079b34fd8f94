"""Shell, parsed by `bash -n` and read by shellcheck. `-n` reads commands and runs none."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..verdict import Verdict

_TIMEOUT_S = 10.0


async def check(code: str) -> Verdict:
    """Parse a script or a line; shellcheck's warnings and errors are doubts."""
    bash = shutil.which("bash")
    if bash is None:
        return Verdict(tool="", unchecked=("the syntax: bash is not installed",))
    _, _, errors = await _run([bash, "--norc", "--noprofile", "-n"], code)
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


def _shellcheck_program() -> str | None:
    """The shellcheck installed beside this Python, else one on the search path."""
    beside = Path(sys.executable).with_name("shellcheck")
    return str(beside) if beside.exists() else shutil.which("shellcheck")


async def _shellcheck(code: str) -> tuple[str, ...] | None:
    program = _shellcheck_program()
    if program is None:
        return None
    options = ["--norc", "--shell=bash", "--severity=warning", "--format=json1", "-"]
    _, output, _ = await _run([program, *options], code)
    try:
        comments = json.loads(output)["comments"]
    except (ValueError, KeyError):
        return None
    return tuple(f"shellcheck SC{item['code']}: {item['message']}" for item in comments[:5])


async def _run(argv: Sequence[str], text: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    try:
        output, errors = await asyncio.wait_for(
            process.communicate((text + "\n").encode()), _TIMEOUT_S
        )
    except TimeoutError:
        process.kill()
        await process.wait()
        return None, "", f"{argv[0]}: no answer within {_TIMEOUT_S:.0f} s"
    return process.returncode, output.decode(errors="replace"), errors.decode(errors="replace")

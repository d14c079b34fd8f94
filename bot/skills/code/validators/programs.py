"""Checking tools that are programs: found beside this Python or on the search path, run briefly."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_TIMEOUT_S = 10.0


def find_program(name: str) -> str | None:
    """The program installed beside this Python, else one on the search path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


async def run_program(
    argv: Sequence[str], text: str, *, timeout_s: float = _TIMEOUT_S
) -> tuple[int | None, str, str]:
    """Give a program some text to read, with an empty environment.

    Returns:
        Its exit code, output and errors; no code when it did not answer in time.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    try:
        output, errors = await asyncio.wait_for(
            process.communicate((text + "\n").encode()), timeout_s
        )
    except TimeoutError:
        process.kill()
        await process.wait()
        return None, "", f"{argv[0]}: no answer within {timeout_s:g} s"
    return process.returncode, output.decode(errors="replace"), errors.decode(errors="replace")

"""`opsbot logs tail`: the lines of a file as they are written, over its rotations."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import WRONG_USE, error_console, fail

if TYPE_CHECKING:
    from ..skills.logs.sources.follow import Follower

_PAUSE_S = 0.2


def tail(
    path: Annotated[Path, typer.Argument(help="A log file; it may come later.")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines to begin with.")] = 10,
    contains: Annotated[str, typer.Option(help="Only lines with this text.")] = "",
) -> None:
    """Print a log as it grows, over rotation and truncation, until Ctrl-C."""
    from ..skills.logs.numbers import count_text
    from ..skills.logs.sources.follow import Follower

    if path.exists() and not path.is_file():
        fail(f"{path} is no file", WRONG_USE)
    follower = Follower(path, n_last=lines)
    text = contains.lower()
    n_shown = 0
    try:
        while True:
            found = follower.poll()
            wanted = [line for line in found if text in line.decode("utf-8", "replace").lower()]
            n_shown += len(wanted)
            _show(wanted, follower)
            if not found:
                time.sleep(_PAUSE_S)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        follower.close()
    text = f"{count_text(n_shown, 'line')} of {follower.intake.n_lines:,} read"
    error_console.print(text, style="dim", highlight=False)


def _show(lines: list[bytes], follower: Follower) -> None:
    """Print lines, and what happened to the file."""
    if lines:
        sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
        sys.stdout.buffer.flush()
    for problem in follower.intake.problems:
        error_console.print(problem, style="yellow", markup=False, highlight=False)
    follower.intake.problems.clear()

"""Runs an answer under evaluation in bubblewrap: no network, no files but its own, briefly.

Only the evaluation executes code, never the bot; and without bubblewrap nothing does.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

_TIMEOUT_S = 10.0
_MAX_OUTPUT_BYTES = 1_000_000
# Address space and file size in KiB and blocks, and a bound on processes where root has one.
_LIMITS = 'ulimit -v 2097152; ulimit -f 32768; exec "$@"'
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")


class SandboxError(RuntimeError):
    """Nothing can be executed here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What an execution left.

    Attributes:
        code: Exit code; None when it was ended because it took too long.
    """

    code: int | None
    output: str
    errors: str


@cache
def sandbox_fault() -> str:
    """Why nothing can be executed here; empty when it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap (bwrap) is not installed"
    with tempfile.TemporaryDirectory() as folder:
        try:
            ran = _run(["/bin/true"], Path(folder), "/", "")
        except OSError as exc:
            return f"bubblewrap cannot be started: {exc}"
    return "" if ran.code == 0 else f"bubblewrap does not work here: {ran.errors.strip()}"


def run_inside(argv: Sequence[str], root: Path, *, cwd: str, stdin: str = "") -> Ran:
    """Run a program that sees the system's programs, and a folder's content at the root.

    Args:
        argv: Begins with an absolute path as it is inside.
        root: Its folders appear as `/name` and can be written.
        cwd: Where it begins, as it is inside.
        stdin: What it may read.

    Raises:
        SandboxError: There is no working bubblewrap.
    """
    fault = sandbox_fault()
    if fault:
        raise SandboxError(fault)
    return _run(argv, root, cwd, stdin)


def python_inside() -> tuple[str, ...]:
    """The beginning of an argv that runs Python without its user's settings."""
    return (str(Path(sys.executable).resolve()), "-I", "-S", "-W", "ignore")


def _run(argv: Sequence[str], root: Path, cwd: str, stdin: str) -> Ran:
    own = [
        word for each in sorted(root.iterdir()) for word in ("--bind", str(each), f"/{each.name}")
    ]
    command = [
        *(shutil.which("bwrap") or "bwrap", "--unshare-all", "--die-with-parent", "--new-session"),
        *("--clearenv", "--setenv", "PATH", "/stubs:/usr/local/bin:/usr/bin:/bin:/usr/sbin"),
        *("--setenv", "LC_ALL", "C.UTF-8", "--setenv", "HOME", "/tmp", "--setenv", "TZ", "UTC"),  # noqa: S108 - inside
        *(word for path in _SYSTEM for word in ("--ro-bind-try", path, path)),
        *("--ro-bind-try", sys.base_prefix, sys.base_prefix),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/work"),  # noqa: S108
        *own,
        *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
        *("--chdir", cwd, "--", "/bin/bash", "-c", _LIMITS, "limited", *argv),
    ]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        code: int | None = None
        try:
            done = subprocess.run(  # noqa: S603 - the sandbox around what is to be tried
                command,
                input=stdin.encode(),
                stdout=output,
                stderr=errors,
                timeout=_TIMEOUT_S,
                check=False,
            )
            code = done.returncode
        except subprocess.TimeoutExpired:
            code = None
        return Ran(code=code, output=_text(output), errors=_text(errors))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_MAX_OUTPUT_BYTES).decode("utf-8", "replace")

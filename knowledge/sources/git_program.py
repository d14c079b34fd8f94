"""The `git` program: no prompts, no hooks, no submodules, a time limit, no credentials in messages."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..errors import SourceError

FETCH_LIMIT_S = 600.0
_ENVIRONMENT = (
    "GIT_TERMINAL_PROMPT=0",
    "GIT_ASKPASS=false",
    "SSH_ASKPASS=false",
    "SSH_ASKPASS_REQUIRE=never",
    "GCM_INTERACTIVE=never",
    "GIT_LFS_SKIP_SMUDGE=1",
    "GIT_ALLOW_PROTOCOL=file:git:http:https:ssh",
    "LC_ALL=C.UTF-8",
)
_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "advice.detachedHead=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
)
_USER = re.compile(r"([a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
_REASONS = (
    (r"could not resolve host", "its host name is not known"),
    (r"connection refused|failed to connect|unable to connect", "its server does not answer"),
    (r"timed? ?out|operation too slow", "its server takes too long"),
    (r"authentication failed|could not read (username|password)|permission denied|access denied|403|401",
     "it asks for credentials, or refuses the ones it got"),
    (r"remote branch .* not found|couldn't find remote ref", "it has no such branch"),
    (r"not found|does not (exist|appear)|no such file|not a git repository", "there is no such repository"),
    (r"no space left", "no space is left on this machine's disk"),
    (r"transport .* not allowed|unable to find remote helper", "its kind of address is not allowed"),
)  # fmt: skip


def without_credentials(text: str) -> str:
    """An address or message without the user and password an address may hold."""
    return _USER.sub(r"\1", text)


class Git:
    """Runs git for one remote. Blocks.

    Args:
        place: The remote, for people.
    """

    def __init__(self, place: str, limit_s: float = FETCH_LIMIT_S) -> None:
        self._place = without_credentials(place)
        self._limit_s = limit_s

    def run(self, *arguments: str, folder: Path | None = None) -> bytes:
        """Run one command and give its output.

        Raises:
            SourceError: It failed or took too long.
        """
        done = self._done(arguments, folder)
        if done.returncode:
            raise SourceError(self._place, self._reason(done.stderr.decode("utf-8", "replace")))
        return done.stdout

    def _done(
        self, arguments: Sequence[str], folder: Path | None
    ) -> subprocess.CompletedProcess[bytes]:
        options = [part for option in _OPTIONS for part in ("-c", option)]
        where = ["-C", str(folder)] if folder is not None else []
        with subprocess.Popen(  # noqa: S603 - no shell; options end before what settings name
            ["/usr/bin/env", *_ENVIRONMENT, "git", *options, *where, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # no terminal to ask a person at
        ) as process:
            try:
                out, errors = process.communicate(timeout=self._limit_s)
            except subprocess.TimeoutExpired as exc:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # what it started talks to the remote
                reason = f"git took longer than {self._limit_s:g} s"
                raise SourceError(self._place, reason) from exc
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def _reason(self, errors: str) -> str:
        if (
            "No such file or directory" in errors
            and "git" in errors
            and errors.startswith("/usr/bin/env")
        ):
            return "the program `git` is not installed"
        for pattern, reason in _REASONS:
            if re.search(pattern, errors, re.IGNORECASE):
                return reason
        said = [line for line in errors.splitlines() if line.startswith(("fatal:", "error:"))]
        last = without_credentials((said or errors.splitlines() or ["git failed"])[-1])
        return " ".join(last.removeprefix("fatal:").removeprefix("error:").split())[:200]

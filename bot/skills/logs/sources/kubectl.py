"""The logs of pods, read by `kubectl logs`: all containers, and those that ended before them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC

from .command import Run
from .entry import Entry, stamped_entry
from .query import LogQuery

_PREFIXED = re.compile(rb"\[(?:pod/)?([^\]\s]+)\] (.*)")
_NO_PREVIOUS = re.compile(r"previous terminated container .* not found")
_NORMAL = ("Defaulted container", "Defaulting container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """All containers of some pods, the ones before their last restart first.

    Attributes:
        target: `pod/NAME`, `deployment/NAME` and the like, or a label selector: `app=checkout`.
        namespace: Empty for the one that the client has chosen.
        context: Of the client's configuration; empty for the current one.
    """

    target: str
    namespace: str = ""
    context: str = ""
    program: str = "kubectl"

    @property
    def merges_stderr(self) -> bool:
        """The lines of containers come on standard output only."""
        return False

    def runs(self, query: LogQuery) -> tuple[Run, ...]:
        """The containers that ended, then those that run; the window's end is not its business."""
        since: tuple[str, ...] = ()
        if query.start is not None:
            since = (f"--since-time={query.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",)
        return (
            Run(
                argv=self._argv("--tail=-1", *since, "--previous"),
                may_fail=True,
                label=" (previous)",
            ),
            Run(argv=self._argv("--tail=-1", *since)),
        )

    def newest_run(self) -> Run:
        """The last line of each container."""
        return Run(argv=self._argv("--tail=1"))

    def _argv(self, *options: str) -> tuple[str, ...]:
        where = (f"--namespace={self.namespace}",) if self.namespace else ()
        context = (f"--context={self.context}",) if self.context else ()
        wanted = (f"--selector={self.target}",) if "=" in self.target else (self.target,)
        # NOTE: with a selector the client shows ten lines unless it is told otherwise.
        asked = ("--all-containers=true", "--prefix=true", "--timestamps=true")
        lenient = ("--ignore-errors=true",)
        return (self.program, *context, *where, "logs", *wanted, *asked, *lenient, *options)

    def entry(self, line: bytes) -> Entry | None:
        """A line with its time, and its pod and container as the source."""
        prefixed = _PREFIXED.fullmatch(line.rstrip(b"\r"))
        if prefixed is None:
            return None
        return stamped_entry(prefixed.group(1).decode("utf-8", "replace"), prefixed.group(2))

    def is_normal(self, note: str) -> bool:
        """That a container never restarted, and which one was taken."""
        return note.startswith(_NORMAL) or _NO_PREVIOUS.search(note) is not None

"""The logs of a container, read by `docker logs`."""

from __future__ import annotations

from dataclasses import dataclass

from .command import Run, window_options
from .entry import Entry, rfc3339, stamped_entry
from .query import LogQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """Both outputs of one container, in the order of writing."""

    container: str
    program: str = "docker"

    @property
    def merges_stderr(self) -> bool:
        """What a container writes to its standard error comes on ours."""
        return True

    def runs(self, query: LogQuery) -> tuple[Run, ...]:
        """One run, limited to the window."""
        window = window_options(query, rfc3339)
        return (Run(argv=(self.program, "logs", "--timestamps", *window, self.container)),)

    def newest_run(self) -> Run:
        """The last line."""
        return Run(argv=(self.program, "logs", "--timestamps", "--tail=1", self.container))

    def entry(self, line: bytes) -> Entry | None:
        """A line with its time; the client's own messages have none."""
        return stamped_entry(self.container, line.rstrip(b"\r"))

    def is_normal(self, note: str) -> bool:
        """Nothing that the client says is."""
        return False

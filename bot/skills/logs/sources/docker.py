"""The logs of a container, read by `docker logs`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from .command import Run
from .entry import Entry, stamped
from .query import LogQuery

STAMPED = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: (.*))?"
)


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
        window: list[str] = []
        if query.start is not None:
            window.append(f"--since={rfc3339(query.start)}")
        if query.end is not None:
            window.append(f"--until={rfc3339(query.end)}")
        return (Run(argv=(self.program, "logs", "--timestamps", *window, self.container)),)

    def newest_run(self) -> Run:
        """The last line."""
        return Run(argv=(self.program, "logs", "--timestamps", "--tail=1", self.container))

    def entry(self, line: bytes) -> Entry | None:
        """A line with its time; the client's own messages have none."""
        match = STAMPED.fullmatch(line.rstrip(b"\r"))
        if match is None:
            return None
        return Entry(self.container, stamped(match.group(1), match.group(2) or b""))

    def is_normal(self, note: str) -> bool:
        """Nothing that the client says is."""
        return False


def rfc3339(at: datetime) -> str:
    """An aware time in UTC, with microseconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

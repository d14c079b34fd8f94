"""Where the demo keeps its files, and the port files by which its parts find one another."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from .errors import DemoNotRunningError

LOOPBACK = "127.0.0.1"
SERVICES = ("orders", "checkout", "reports")


@dataclass(frozen=True, slots=True)
class Places:
    """Paths under the data directory `home`."""

    home: Path

    @property
    def logs(self) -> Path:
        """The folder of the log files."""
        return self.home / "demo" / "logs"

    @property
    def run(self) -> Path:
        """The folder of port files and of what processes wrote to standard error."""
        return self.home / "demo" / "run"

    def log_file(self, process: str) -> Path:
        """The log file of one process; the previous run's is beside it with `.1`."""
        return self.logs / f"{process}.log"

    def error_file(self, process: str) -> Path:
        """Where a process's standard error goes."""
        return self.run / f"{process}.err"

    def port_file(self, process: str) -> Path:
        """Where a listening process says its port."""
        return self.run / f"{process}.json"

    def create(self) -> None:
        """Make the folders."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(parents=True, exist_ok=True)


def write_port(places: Places, process: str, port: int) -> None:
    """Publish a port; readers see the whole file or none."""
    path = places.port_file(process)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"port": port, "pid": os.getpid()}), encoding="utf-8")
    fresh.replace(path)


def read_port(places: Places, process: str) -> int:
    """The port a process listens on.

    Raises:
        DemoNotRunningError: There is no readable port file.
    """
    path = places.port_file(process)
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["port"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DemoNotRunningError(
            f"the demo is not running under {places.home}: start it with 'opsbot demo'"
        ) from exc

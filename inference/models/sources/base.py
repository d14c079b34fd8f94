"""The seam to whatever delivers model files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..catalog import Download, ModelEntry
from ..progress import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete download, not yet compared with its hash.

    Attributes:
        path: In the work folder.
    """

    path: Path
    n_bytes: int
    sha256: str


class Source(Protocol):
    """Delivers downloads into a work folder, and goes on there after an interruption."""

    @property
    def label(self) -> str:
        """Its name for people, for example "package index"."""
        ...

    def check(self, entry: ModelEntry) -> None:
        """Find out within seconds whether it can deliver.

        Raises:
            SourceError: It cannot.
        """
        ...

    def fetch(self, entry: ModelEntry, download: Download, work: Path, meter: Meter) -> Fetched:
        """Deliver one file.

        Args:
            work: Folder for this model's unfinished files, on the disk of the target.

        Raises:
            SourceError: It cannot be delivered.
            OSError: The work folder cannot be written, or the disk is full.
        """
        ...

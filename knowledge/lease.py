"""An opened index that several searches use and that is closed after the last of them."""

from __future__ import annotations

from pathlib import Path

from .index import Index


class Lease:
    """An index with the number of searches that use it. Event loop only."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder = folder
        self.index = index
        self.n_users = 0
        self.is_retired = False

    def close_if_idle(self) -> None:
        """Close the index when it is retired and nobody uses it."""
        if self.is_retired and not self.n_users:
            self.index.close()

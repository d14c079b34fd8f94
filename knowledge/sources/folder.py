"""A folder of documents as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from .defaults import NO_DEFAULTS, SourceDefaults
from .files import FileReader, Found, setup_of
from .tree import files_under, root_of


class FolderSource:
    """A folder of documents, or a single one.

    Args:
        name: Its identity; empty: the absolute path.
    """

    kind = "folder"

    def __init__(self, path: Path, name: str = "", defaults: SourceDefaults = NO_DEFAULTS) -> None:
        self._path = path
        self._defaults = defaults
        self.name = name or str(path.expanduser().resolve())

    @property
    def setup(self) -> str:
        """Digest of what shapes the documents beside their bytes."""
        return setup_of(self.kind, self._defaults)

    def read(self, known: Mapping[str, str]) -> Iterator[Found]:
        """See `Source.read`; every file is read, for only its bytes tell whether it changed."""
        reader = FileReader(source=self.name, defaults=self._defaults)
        yield from reader.read(files_under(root_of(self._path)), known)

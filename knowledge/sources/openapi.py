"""API descriptions as a source: files that are reported when they describe no API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from .defaults import NO_DEFAULTS, SourceDefaults
from .files import FileReader, Found, setup_of
from .formats.conversion import DESCRIPTIONS
from .tree import files_under, root_of


class OpenApiSource:
    """One OpenAPI or Swagger file, or all of them under a folder."""

    kind = "openapi"

    def __init__(
        self, *, name: str, location: Path, defaults: SourceDefaults = NO_DEFAULTS
    ) -> None:
        self.name = name
        self._location = location
        self._defaults = defaults

    @property
    def setup(self) -> str:
        """Digest of what shapes the documents beside their bytes."""
        return setup_of(self.kind, self._defaults)

    def read(self, known: Mapping[str, str]) -> Iterator[Found]:
        """See `Source.read`."""
        reader = FileReader(source=self.name, defaults=self._defaults, is_strict=True)
        yield from reader.read(files_under(root_of(self._location), _is_description), known)


def _is_description(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in DESCRIPTIONS

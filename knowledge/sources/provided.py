"""Documents another part of the program has at hand, as a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ..documents import Document, SkippedFile
from ..errors import UnusableDocumentError
from .declarations import with_defaults
from .defaults import NO_DEFAULTS, SourceDefaults
from .files import Found, setup_of


class Provider(Protocol):
    """Gives all documents it has now; blocks, is called in a worker thread."""

    def __call__(self) -> Iterable[Document | SkippedFile]:
        """In a stable order; their `source` is set by the source.

        Raises:
            SourceError: They cannot be had now; what is stored of them stays.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedSource:
    """Whatever a provider gives, under the defaults that are set for the source."""

    name: str
    kind: str
    provide: Provider
    defaults: SourceDefaults = NO_DEFAULTS

    @property
    def setup(self) -> str:
        """Digest of what shapes the documents beside their bytes."""
        return setup_of(self.kind, self.defaults)

    def read(self, known: Mapping[str, str]) -> Iterator[Found]:
        """See `Source.read`."""
        for one in self.provide():
            if isinstance(one, SkippedFile):
                yield one
                continue
            try:
                metadata = with_defaults(one.metadata, self.defaults, one.path)
            except UnusableDocumentError as exc:
                yield SkippedFile(path=one.path, reason=str(exc))
            else:
                yield replace(one, source=self.name, metadata=metadata)

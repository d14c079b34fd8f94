"""Files under a folder: a stable order, no hidden places, no way out of the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ..documents import SkippedFile
from ..errors import SourceError, UnusableDocumentError
from .files import FoundFile
from .formats.conversion import kind_of

_IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages"})


def root_of(location: Path) -> Path:
    """The folder or file that a location names.

    Raises:
        SourceError: There is none, or it must not be listed.
    """
    root = location.expanduser().resolve()
    if root.is_file():
        return root
    if not root.is_dir():
        raise SourceError(location, "no such file or folder")
    if not os.access(root, os.R_OK | os.X_OK):
        raise SourceError(location, "permission denied")
    return root


def is_document(path: str) -> bool:
    """Whether a file's name is one of a document."""
    return kind_of(path) is not None


def files_under(
    root: Path, wanted: Callable[[str], bool] = is_document
) -> Iterator[FoundFile | SkippedFile]:
    """The files whose path is wanted; links to folders are not followed.

    Args:
        root: A folder, resolved; or one file, which is given whatever its name is.
    """
    if root.is_file():
        yield _file(root, root.parent)
        return
    faults: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=faults.append):
        subfolders[:] = sorted(name for name in subfolders if not _is_ignored(name))
        for name in sorted(names):
            file = Path(folder, name)
            if not _is_ignored(name) and wanted(file.relative_to(root).as_posix()):
                yield _file(file, root)
    for fault in faults:
        place = Path(str(fault.filename)).relative_to(root).as_posix()
        yield SkippedFile(path=place, reason=f"unreadable: {fault.strerror}")


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED_FOLDERS


def _file(file: Path, root: Path) -> FoundFile:
    path = file.relative_to(root).as_posix()
    return FoundFile(path=path, read=partial(_bytes_of, file, root), changed_at=_changed_at(file))


def _changed_at(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(microsecond=0)
    except (OSError, OverflowError, ValueError, RuntimeError):
        return None  # reading the file says what is wrong


def _bytes_of(file: Path, root: Path, limit: int) -> bytes:
    try:
        if not file.resolve().is_relative_to(root):
            raise UnusableDocumentError("links to a place outside the folder")
        if not stat.S_ISREG(file.stat().st_mode):
            raise UnusableDocumentError("not a regular file")
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except RuntimeError as exc:  # how pathlib reports links in a circle before Python 3.13
        raise UnusableDocumentError("links in a circle") from exc
    except OSError as exc:
        raise UnusableDocumentError(f"unreadable: {exc.strerror or exc}") from exc
    if len(data) > limit:
        raise UnusableDocumentError(f"larger than {limit // 1_000_000} MB")
    return data

"""What is in an export: a folder, or a zip archive that is read in place and never unpacked to disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from ...documents import SkippedFile
from ...errors import SourceError, UnusableDocumentError
from ..files import FoundFile
from ..formats.package_file import opened, read_member
from ..tree import files_under, root_of

MAX_MEMBERS = 100_000
MAX_TOTAL_BYTES = 2 * 1024**3
"""Of all members that are read, unpacked."""

_MAX_NESTED_BYTES = 512 * 1024**2


@contextmanager
def contents_of(location: Path) -> Generator[tuple[FoundFile | SkippedFile, ...]]:
    """Every file of an export, in a stable order, readable as long as the context is open.

    Archives in an archive, as large exports are cut, are opened too, but not those inside them.

    Raises:
        SourceError: There is no such export, or it is neither folder nor archive.
    """
    root = root_of(location)
    with ExitStack() as stack:
        if root.is_dir():
            found = [*files_under(root, lambda _: True)]
        else:
            stream = stack.enter_context(root.open("rb"))
            found = list(_Archive(location, stack).members(stream))
        yield tuple(sorted(found, key=lambda one: one.path))


class _Archive:
    """One export's archive with the ones inside it."""

    def __init__(self, location: Path, stack: ExitStack) -> None:
        self._location = location
        self._stack = stack
        self._bytes_left = MAX_TOTAL_BYTES
        self._n_members = 0

    def members(
        self, stream: IO[bytes], *, is_nested: bool = False
    ) -> Iterator[FoundFile | SkippedFile]:
        try:
            archive = self._stack.enter_context(opened(stream))
        except UnusableDocumentError as exc:
            raise SourceError(self._location, str(exc)) from exc
        for member in archive.infolist():
            self._n_members += 1
            if self._n_members > MAX_MEMBERS:
                raise SourceError(self._location, f"more than {MAX_MEMBERS} files in it")
            if not member.is_dir():
                yield from self._member(archive, member, is_nested=is_nested)

    def _member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, is_nested: bool
    ) -> Iterator[FoundFile | SkippedFile]:
        path = member.filename
        if not _is_inside(path):
            yield SkippedFile(path=path, reason="its name leads out of the archive")
        elif _is_ignored(path):
            return
        elif path.lower().endswith(".zip") and not is_nested:
            yield from self._nested(archive, member)
        else:
            read = partial(self._read, archive, member)
            yield FoundFile(path=path, read=read, changed_at=_changed_at(member))

    def _nested(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo
    ) -> Iterator[FoundFile | SkippedFile]:
        try:
            data = self._read(archive, member, _MAX_NESTED_BYTES)
            yield from self.members(io.BytesIO(data), is_nested=True)
        except (UnusableDocumentError, SourceError) as exc:
            reason = exc.reason if isinstance(exc, SourceError) else str(exc)
            yield SkippedFile(path=member.filename, reason=reason)

    def _read(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
        if self._bytes_left <= 0:
            raise UnusableDocumentError("the archive unpacks to more than can be true")
        try:
            data = read_member(archive, member, limit)
        except UnusableDocumentError:
            self._bytes_left -= limit
            raise
        self._bytes_left -= len(data)
        return data


def _is_inside(path: str) -> bool:
    """Whether a member's name stays within the archive."""
    parts = PurePosixPath(path).parts
    return (
        "\\" not in path and not path.startswith("/") and ".." not in parts and ":" not in path[:2]
    )


def _is_ignored(path: str) -> bool:
    return any(
        (part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.split("/")
    )


def _changed_at(member: zipfile.ZipInfo) -> datetime | None:
    """The time in the archive, whose zone is not told; the epoch of the format means none."""
    try:
        at = datetime(*member.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return at if at.year > 1980 else None

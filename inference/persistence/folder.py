"""The folder of state files: every system call that touches it.

State files hold what people wrote, as tokens and as keys and values that can be turned back into
text. So the folder is made with mode 0700 and its files with 0600, and neither ever leaves the
machine. A folder that belongs to somebody else, or into which others can write, is not used at all.

Any number of processes may use one folder. A file appears under its name only when it is complete
and durable; until then it is a temporary file, which its writer locks. The lock ends with the
writer, however that ends, and then the next `open` removes the file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import BadStateFileError, UnsafeFolderError

_SUFFIX = ".kvstate"
_TEMPORARY = ".writing"
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_OTHERS_MAY_WRITE = 0o022
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_STAMP_SETTLES_NS = 50_000_000
"""A folder's time of change is this coarse at most, so that a younger one proves nothing."""


class StateFolder:
    """See the module.

    Args:
        path: Made if it does not exist.

    Raises:
        OSError: It can neither be made nor used.
        UnsafeFolderError: Others could write into it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        found = path.stat()
        if found.st_uid != os.geteuid():
            raise UnsafeFolderError(path, "belongs to another user")
        if found.st_mode & _OTHERS_MAY_WRITE:
            raise UnsafeFolderError(path, "can be written by other users")

    def remove_leftovers(self) -> int:
        """Remove temporary files whose writers are gone; returns how many there were."""
        return sum(_remove_unlocked(path) for path in self._path.glob(f"*{_TEMPORARY}"))

    def stamp(self) -> int | None:
        """A number that changes when a file comes or goes; None: it may have changed just now.

        Raises:
            OSError: The folder is gone.
        """
        changed_ns = self._path.stat().st_mtime_ns
        return changed_ns if time.time_ns() - changed_ns > _STAMP_SETTLES_NS else None

    def keys(self) -> frozenset[str]:
        """Names of all state files, whoever wrote them.

        Raises:
            OSError: The folder cannot be listed.
        """
        names = os.listdir(self._path)
        return frozenset(name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX))

    @contextmanager
    def opened(self, key: str) -> Generator[tuple[BinaryIO, os.stat_result]]:
        """Open a state file for reading.

        Raises:
            FileNotFoundError: It is gone.
            BadStateFileError: It is no regular file.
            OSError: It cannot be opened.
        """
        descriptor = os.open(self._path_of(key), _READ_FLAGS)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BadStateFileError("this is no regular file")
            yield file, found

    def size_and_time(self, key: str) -> tuple[int, float]:
        """Bytes, and when it was last used (Unix time), without opening it; follows no links.

        Raises:
            OSError: It is gone.
        """
        found = os.lstat(self._path_of(key))
        return found.st_size, found.st_mtime

    def write(self, key: str, fill: Callable[[BinaryIO], None], *, used_at: float) -> None:
        """Write a state file so that it is there as a whole or not at all, and durable.

        Raises:
            OSError: It could not be written; nothing is left of it.
        """
        path = self._path_of(key)
        temporary, descriptor = _create_locked(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
                os.utime(file.fileno(), (used_at, used_at))
                temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        self._sync()

    def mark_used(self, key: str, at: float) -> None:
        """Remember when a file was used, if that is possible."""
        with contextlib.suppress(OSError):
            os.utime(self._path_of(key), (at, at), follow_symlinks=False)

    def remove(self, key: str) -> bool:
        """Remove a state file; returns whether it is gone now."""
        try:
            self._path_of(key).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _path_of(self, key: str) -> Path:
        return self._path / (key + _SUFFIX)

    def _sync(self) -> None:
        """Make the rename durable."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _create_locked(path: Path) -> tuple[Path, int]:
    """Make a temporary file beside `path`; returns it with its descriptor.

    Another process may take it for a leftover in the moment before it is locked.
    """
    while True:
        temporary = path.with_suffix(f".{secrets.token_hex(8)}{_TEMPORARY}")
        descriptor = os.open(temporary, _CREATE_FLAGS, _FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink > 0:
                return temporary, descriptor
        except OSError:
            temporary.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove_unlocked(path: Path) -> bool:
    try:
        descriptor = os.open(path, _READ_FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True

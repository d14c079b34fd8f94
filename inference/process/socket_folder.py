"""A folder for one socket that only its owner can enter."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from .errors import AttachError

_PREFIX = "opsbot-engine-"
_SOCKET = "engine.sock"


def make_socket_path() -> Path:
    """Make a new folder with mode 0700 and name a socket in it.

    It lies under the system's folder for temporary files, because the path of a socket may have
    no more than 107 bytes.
    """
    return Path(tempfile.mkdtemp(prefix=_PREFIX)) / _SOCKET


def remove_socket(socket: Path) -> None:
    """Remove what `make_socket_path` made; harmless when it is gone or is something else."""
    if socket.name != _SOCKET or not socket.parent.name.startswith(_PREFIX):
        return
    try:
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()
    except OSError:
        return  # somebody else's, or not empty: leave it alone


def check_is_ours(socket: Path) -> None:
    """Make sure that nobody but this user can have put the socket there.

    Raises:
        AttachError: It is not there, is no socket, or others own it or may enter its folder.
    """
    try:
        folder, found = socket.parent.lstat(), socket.lstat()
    except OSError as exc:
        raise AttachError(socket, exc.strerror or str(exc)) from exc
    if not stat.S_ISDIR(folder.st_mode) or not stat.S_ISSOCK(found.st_mode):
        raise AttachError(socket, "there is no socket in a folder of its own")
    if folder.st_uid != os.geteuid() or found.st_uid != os.geteuid():
        raise AttachError(socket, "it belongs to another user")
    if folder.st_mode & 0o077:
        raise AttachError(socket, "others may enter its folder; its mode must be 0700")

"""Files whose reading ends when nobody wants it any more."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import SourceFailedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _StoppableFile(io.FileIO):
    """A file that looks at a signal before every read."""

    def __init__(self, path: Path, stop: threading.Event) -> None:
        super().__init__(path)
        self._stop = stop

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        if self._stop.is_set():
            raise SourceFailedError("reading was stopped")
        return super().readinto(buffer)


def open_stoppable(path: Path, stop: threading.Event) -> io.BufferedReader:
    """Open a file for reading.

    Args:
        stop: Every read after it is set raises `SourceFailedError`.

    Raises:
        OSError: It cannot be opened.
    """
    return io.BufferedReader(_StoppableFile(path, stop))

"""A file as it grows, over rotations: by renaming, by copying and truncating, or while it is gone.

A line is given when its newline is there; what a rotated file ends with is given without one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from ..blocks import MAX_LINE_BYTES, Intake, clean

_READ_BYTES = 1 << 20
_REMEMBERED_BYTES = 64
_TAIL_BYTES = 1 << 20


class Follower:
    """Gives what was written to a file since it was last asked. Not thread-safe.

    Args:
        path: It may be missing, and come later.
        n_last: How many of the lines that are already there are given at first.

    Attributes:
        intake: Counts what was read, and says what happened to the file.
    """

    def __init__(self, path: Path, *, n_last: int = 10) -> None:
        self.intake = Intake()
        self._path = path
        self._file: BinaryIO | None = None
        self._offset = 0
        self._seen = b""  # the bytes before the offset: others there mean another content
        self._pending = b""
        self._n_last: int | None = n_last  # None: the next file is read from its beginning
        self._was_missing = False

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def poll(self) -> list[bytes]:
        """The new whole lines, at most about 1 MiB of them; none when nothing was written.

        A caller asks again at once while there are lines, and after a pause when there are none.
        """
        if self._file is None and not self._open():
            return []
        if self._is_rewritten():
            self._note("was truncated, it is read from its beginning")
            rest = self._rest()
            self._move(0)
            return rest or self._grown()
        lines = self._grown()
        if lines or not self._is_replaced():
            return lines
        # NOTE: asked before and after: a writer may add lines until it notices the rotation.
        lines = self._grown() or self._rest()
        if not lines:
            self._note("was rotated, the new file is read")
            self.close()
        return lines or self.poll()

    def _open(self) -> bool:
        try:
            self._file = self._path.open("rb")
        except OSError as exc:
            if not self._was_missing:
                self._note(f"cannot be read ({exc.strerror}), waiting for it")
            self._was_missing, self._n_last = True, None
            return False
        self._was_missing = False
        self._move(0 if self._n_last is None else _last_lines(self._file, self._n_last))
        self._n_last = None
        return True

    def _move(self, offset: int) -> None:
        self._offset, self._seen, self._pending = offset, b"", b""

    def _is_replaced(self) -> bool:
        if self._file is None:
            return False
        try:
            there = self._path.stat()
        except OSError:
            return False  # renamed, and the new one is not there yet: the old may still grow
        ours = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)

    def _is_rewritten(self) -> bool:
        if self._file is None:
            return False
        if os.fstat(self._file.fileno()).st_size < self._offset:
            return True
        start = self._offset - len(self._seen)
        return os.pread(self._file.fileno(), len(self._seen), start) != self._seen

    def _grown(self) -> list[bytes]:
        if self._file is None:
            return []
        while piece := os.pread(self._file.fileno(), _READ_BYTES, self._offset):
            self._offset += len(piece)
            self._seen = (self._seen + piece)[-_REMEMBERED_BYTES:]
            whole, newline, rest = piece.rpartition(b"\n")
            if newline:
                block, self._pending = self._pending + whole, b""
                self._hold(rest)
                return clean(block, self.intake).split(b"\n")
            self._hold(rest)
        return []

    def _hold(self, rest: bytes) -> None:
        # One byte more than a line may have, so that it is seen to be cut.
        self._pending = (self._pending + rest)[: MAX_LINE_BYTES + 1]

    def _rest(self) -> list[bytes]:
        pending, self._pending = self._pending, b""
        return clean(pending, self.intake).split(b"\n") if pending else []

    def _note(self, what: str) -> None:
        self.intake.problems.append(f"{self._path.name} {what}")


def _last_lines(file: BinaryIO, n_lines: int) -> int:
    """Where the last lines begin, as far as they are in the last MiB."""
    size = os.fstat(file.fileno()).st_size
    if n_lines == 0:
        return size
    start = max(0, size - _TAIL_BYTES)
    tail = os.pread(file.fileno(), size - start, start)
    place = len(tail.removesuffix(b"\n"))
    for _ in range(n_lines):
        place = tail.rfind(b"\n", 0, place)
        if place < 0:
            return start
    return start + place + 1

"""Which of several indices on disk is the current one, and how the next replaces it at once.

ROOT/current              one line: the name of the folder under generations/
     generations/NAME/    complete indices; what `current` does not name is old or half built
     sync.lock            held while an index is built
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from .errors import SyncBusyError

_N_KEPT = 2
"""The current generation and the one before it, which another process may still be reading."""


class Generations:
    """The folder that holds the generations of one knowledge base. Blocks on disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / "generations"
        self._pointer = root / "current"

    def current(self) -> Path | None:
        """The folder that should hold the current index, or None when there never was one."""
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        folder = self._folder / name
        return folder if name and Path(name).name == name else None

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Hold the right to build.

        Raises:
            SyncBusyError: Another thread or process holds it.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._root / "sync.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as exc:
            raise SyncBusyError(self._root) from exc
        try:
            yield
        finally:
            lock.release()

    def new(self) -> Path:
        """A name for the next generation; the folder does not exist yet."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / uuid4().hex

    def publish(self, folder: Path) -> None:
        """Make a complete generation the current one, atomically."""
        draft = self._root / "current.new"
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(folder.name + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._pointer)

    def all(self) -> list[Path]:
        """Every complete generation, the newest first."""
        if not self._folder.is_dir():
            return []
        folders = sorted(self._folder.iterdir(), key=_finished_at, reverse=True)
        return [folder for folder in folders if _finished_at(folder)]

    def prune(self) -> None:
        """Delete what is neither current nor its predecessor. Only under `exclusive`."""
        current = self.current()
        if current is None or not self._folder.is_dir():
            return
        others = [folder for folder in self._folder.iterdir() if folder != current]
        others.sort(key=_finished_at, reverse=True)
        for at, folder in enumerate(others):
            if at >= _N_KEPT - 1 or _finished_at(folder) == 0:
                shutil.rmtree(folder, ignore_errors=True)


def _finished_at(folder: Path) -> int:
    """When the manifest was written, in nanoseconds; 0 for a generation that is half built."""
    try:
        return (folder / "manifest.json").stat().st_mtime_ns
    except OSError:
        return 0


def owner_of(root: Path) -> str:
    """A name that only this knowledge directory has, for what it keeps elsewhere."""
    root.mkdir(parents=True, exist_ok=True)
    file = root / "owner"
    with FileLock(root / "owner.lock"):
        if not file.exists():
            file.write_text(uuid4().hex[:12], encoding="utf-8")
        return file.read_text(encoding="utf-8").strip()

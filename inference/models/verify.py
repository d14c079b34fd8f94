"""Hashes of model files: computed once, remembered beside the models.

Two small JSON files lie in the models folder. `verified.json` remembers which file (by size and
modification time) had which hash, so that a start does not read gigabytes again; losing it costs
one more hash. `pins.json` holds the hash of files that the catalogue has none for: what was first
pulled, or what was converted here from a verified download.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from .errors import BadModelFileError

GGUF_MAGIC = b"GGUF"
_CHUNK_BYTES = 4 << 20
_PINS = "pins.json"
_VERIFIED = "verified.json"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a file must be."""

    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    """A file as it was when it had this hash."""

    n_bytes: int
    mtime_ns: int
    sha256: str


_PIN_TABLE = TypeAdapter(dict[str, Pin])
_VERIFIED_TABLE = TypeAdapter(dict[str, _Remembered])


def sha256_file(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Hash a file.

    Args:
        on_bytes: Told the number of bytes of every chunk as it is read.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()


def check_magic(path: Path) -> None:
    """Refuse what does not begin like a GGUF file.

    Raises:
        BadModelFileError: Missing, unreadable or another format.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
    except OSError as exc:
        raise BadModelFileError(path, f"cannot be read: {_reason(exc)}") from exc
    if magic != GGUF_MAGIC:
        raise BadModelFileError(path, "is not a GGUF file: name a model file, or a catalogue entry")


def check(path: Path, pin: Pin, *, remedy: str) -> str:
    """Compare a file with its pin, hashing it only if it changed since the last time.

    Args:
        remedy: What to do about a bad file, the end of the error's sentence.

    Returns:
        The SHA-256 of the file.

    Raises:
        BadModelFileError: Size or hash differ, or the file cannot be read.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes != pin.n_bytes:
            detail = f"has {n_bytes:,} bytes instead of {pin.n_bytes:,}"
            raise BadModelFileError(path, f"{detail}: {remedy}")
        found = remembered_hash(path) or _hash_and_remember(path)
    except OSError as exc:
        raise BadModelFileError(path, f"cannot be read: {_reason(exc)}") from exc
    if found != pin.sha256:
        raise BadModelFileError(path, f"has the wrong SHA-256 ({found[:12]}...): {remedy}")
    return found


def remembered_hash(path: Path) -> str | None:
    """The hash that this very file (size and modification time) had, or None."""
    known = _read_table(path.parent / _VERIFIED, _VERIFIED_TABLE).get(path.name)
    return known.sha256 if known is not None and known == _seen(path, known.sha256) else None


def remember(path: Path, sha256: str) -> None:
    """Note a hash that was just computed; a folder that cannot be written is no fault."""
    with contextlib.suppress(OSError):
        ledger = path.parent / _VERIFIED
        table = _read_table(ledger, _VERIFIED_TABLE) | {path.name: _seen(path, sha256)}
        write_atomically(ledger, _VERIFIED_TABLE.dump_json(table, indent=2))


def read_pins(models_dir: Path) -> dict[str, Pin]:
    """The hashes recorded at first pull or conversion, by model name."""
    return _read_table(models_dir / _PINS, _PIN_TABLE)


def write_pin(models_dir: Path, name: str, pin: Pin) -> None:
    """Record what a model's file is from now on; other processes may do so at the same time.

    Raises:
        OSError: The folder cannot be written.
    """
    with FileLock(models_dir / f".{_PINS}.lock"):
        table = read_pins(models_dir) | {name: pin}
        write_atomically(models_dir / _PINS, _PIN_TABLE.dump_json(table, indent=2))


def _hash_and_remember(path: Path) -> str:
    found = sha256_file(path)
    remember(path, found)
    return found


def _seen(path: Path, sha256: str) -> _Remembered:
    status = path.stat()
    return _Remembered(n_bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=sha256)


def _read_table(path: Path, adapter: TypeAdapter[dict[str, _T]]) -> dict[str, _T]:
    """A missing or damaged table is an empty one: at worst a file is hashed or pulled again."""
    try:
        return adapter.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a small file whole, durably: a crash leaves the old one or the new one.

    Raises:
        OSError: The folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _reason(exc: OSError) -> str:
    return (exc.strerror or str(exc)).lower()

"""Files that are zip archives, opened without trusting what they claim."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO

from ...errors import UnusableDocumentError

_PIECE = 1 << 16
_ENCRYPTED = 0x1
FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    RuntimeError,
)
"""What reading a damaged archive may raise."""


@contextmanager
def opened(data: bytes | IO[bytes]) -> Generator[zipfile.ZipFile]:
    """Open an archive.

    Raises:
        UnusableDocumentError: It is none, or it is damaged.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data)
    except FAULTS as exc:
        raise UnusableDocumentError("damaged: no readable zip archive") from exc
    with archive:
        yield archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """Unpack one member, never more than `limit` bytes of it whatever it claims to be.

    Raises:
        UnusableDocumentError: It is larger, encrypted or damaged.
    """
    if member.flag_bits & _ENCRYPTED:
        raise UnusableDocumentError("protected by a password")
    pieces: list[bytes] = []
    n_bytes = 0
    try:
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                n_bytes += len(piece)
                if n_bytes > limit:
                    raise UnusableDocumentError(f"unpacked larger than {limit // 1_000_000} MB")
                pieces.append(piece)
    except FAULTS as exc:
        raise UnusableDocumentError("damaged: it cannot be unpacked") from exc
    return b"".join(pieces)

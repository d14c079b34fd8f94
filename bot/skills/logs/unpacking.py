"""Packed bytes in, unpacked bytes out, a piece at a time and as far as they are whole."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Protocol, TypeAlias

import zstandard

MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
PACKING_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
_READ_BYTES = 64 * 1024
_PIECE_BYTES = 1 << 20
# zstd has no upper bound of its output; a piece so small unpacks to at most about 90 MB.
_ZSTD_PIECE_BYTES = 2048


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class _Bounded(Protocol):
    """A decoder whose output has an upper bound."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


# Gives unpacked pieces, returns what follows the member.
_Member: TypeAlias = Generator[bytes, None, bytes]


class UnpackedReader:
    """Reads packed members one after another.

    Unlike the readers of the standard library it gives everything that precedes a fault before it
    raises.

    Args:
        raw: Positioned at the first packed byte; not closed.
        kind: One of the values of `MAGIC`.
    """

    def __init__(self, raw: Readable, kind: str) -> None:
        self._pieces = _members(raw, kind)
        self._pending = b""
        self._failed: Exception | None = None

    def read(self, size: int, /) -> bytes:
        """At most about `size` bytes; none at the end.

        Raises:
            EOFError: The packed data ends before its end.
            OSError: It cannot be read, or something else follows it.
            zlib.error, lzma.LZMAError, zstandard.ZstdError: It is damaged.
        """
        parts = [self._pending]
        n_bytes = len(self._pending)
        while n_bytes < size and self._failed is None:
            try:
                piece = next(self._pieces, None)
            except PACKING_ERRORS as exc:
                self._failed = exc
                break
            if piece is None:
                break
            parts.append(piece)
            n_bytes += len(piece)
        whole = b"".join(parts)
        if not whole and self._failed is not None:
            raise self._failed
        self._pending = whole[size:]
        return whole[:size]


def _members(raw: Readable, kind: str) -> Iterator[bytes]:
    unpack = _UNPACK[kind]
    magic = next(magic for magic, name in MAGIC.items() if name == kind)
    rest = raw.read(_READ_BYTES)
    while rest:
        rest = yield from unpack(raw, rest)
        # Files are padded with zeros by some archivers.
        rest = rest.lstrip(b"\0")
        while len(rest) < len(magic) and (more := raw.read(_READ_BYTES)):
            rest = (rest + more).lstrip(b"\0")
        if rest and not rest.startswith(magic):
            raise OSError("something else follows the packed data")


def _unpack_gzip(raw: Readable, data: bytes) -> _Member:
    decoder = zlib.decompressobj(wbits=31)
    while not decoder.eof:
        if not data and not (data := raw.read(_READ_BYTES)):
            raise EOFError
        if piece := decoder.decompress(data, _PIECE_BYTES):
            yield piece
        data = decoder.unconsumed_tail
    return decoder.unused_data


def _unpack_bounded(raw: Readable, data: bytes, decoder: _Bounded) -> _Member:
    while not decoder.eof:
        if not data and decoder.needs_input and not (data := raw.read(_READ_BYTES)):
            raise EOFError
        if piece := decoder.decompress(data, _PIECE_BYTES):
            yield piece
        data = b""
    return decoder.unused_data


def _unpack_bzip2(raw: Readable, data: bytes) -> _Member:
    return _unpack_bounded(raw, data, bz2.BZ2Decompressor())


def _unpack_xz(raw: Readable, data: bytes) -> _Member:
    return _unpack_bounded(raw, data, lzma.LZMADecompressor())


def _unpack_zstd(raw: Readable, data: bytes) -> _Member:
    decoder = zstandard.ZstdDecompressor().decompressobj()
    start = 0
    while True:
        if start >= len(data):
            start, data = 0, raw.read(_READ_BYTES)
            if not data:
                raise EOFError
        piece = decoder.decompress(data[start : start + _ZSTD_PIECE_BYTES])
        start += _ZSTD_PIECE_BYTES
        if piece:
            yield piece
        if decoder.eof:
            return decoder.unused_data + data[start:]


_UNPACK: dict[str, Callable[[Readable, bytes], _Member]] = {
    "gzip": _unpack_gzip,
    "bzip2": _unpack_bzip2,
    "xz": _unpack_xz,
    "zstd": _unpack_zstd,
}

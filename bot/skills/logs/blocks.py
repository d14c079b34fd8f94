"""Bytes in, clean blocks of whole lines out, with a count of everything that was not clean."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import IO, Protocol

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 64 * 1024
_SNIFF_BYTES = 8192
_ANSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\x1b\x0c\x08") + b"\x7f"
_MAX_CONTROL_SHARE = 0.05
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(slots=True)
class Intake:
    """What reading a stream met; grows while it is read.

    Attributes:
        n_lines: Lines read.
        n_cut: Lines longer than 64 KiB, of which only the beginning was kept.
        n_undecodable: Lines that are not UTF-8; they were analysed with replacement characters.
        n_left_out: Lines inside the wanted window that were not read, because there are too many.
        problems: One sentence for each thing that could not be read.
    """

    n_lines: int = 0
    n_cut: int = 0
    n_undecodable: int = 0
    n_left_out: int = 0
    problems: list[str] = field(default_factory=list[str])


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


def unpacked(raw: IO[bytes], name: str, intake: Intake) -> tuple[Readable | None, bool]:
    """Unpack a stream as its first bytes say, whatever its name.

    Returns:
        The text's bytes (None when it is not text), and whether they were packed.
    """
    head = raw.read(_SNIFF_BYTES)
    raw.seek(0)
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind == "zstd":
        intake.problems.append(f"{name}: zstd files cannot be read, unpack it first")
        return None, True
    if kind is None and not head.startswith(tuple(_BOMS)) and is_binary(head):
        intake.problems.append(f"{name}: binary, not a log")
        return None, False
    if kind == "gzip":
        return gzip.open(raw), True
    if kind == "bzip2":
        return bz2.open(raw), True
    return (lzma.open(raw), True) if kind == "xz" else (raw, False)


def is_binary(sample: bytes) -> bool:
    """Whether these bytes are no text; zero bytes alone don't tell (truncated live logs)."""
    text = sample.replace(b"\0", b"")
    n_control = len(text) - len(text.translate(None, _CONTROL))
    return n_control > len(text) * _MAX_CONTROL_SHARE


def read_blocks(
    stream: Readable, name: str, intake: Intake, *, max_bytes: int | None = None
) -> Generator[bytes]:
    """Cut a stream into blocks of whole, cleaned lines; what follows a fault is not read.

    Args:
        max_bytes: Stop after about so many unpacked bytes.

    Yields:
        About 1 MiB each, without the last newline; never empty.
    """
    carry = b""
    discarding = False
    for piece in _pieces(stream, name, intake, max_bytes):
        block = carry + piece
        end = block.rfind(b"\n")
        if discarding:
            start = piece.find(b"\n")
            block = carry + piece[start:] if start >= 0 else carry
            end = block.rfind(b"\n")
            discarding = start < 0
        if end < 0:
            if len(block) > MAX_LINE_BYTES:
                intake.n_cut += not discarding
                carry, discarding = block[:MAX_LINE_BYTES], True
            else:
                carry = block
            continue
        carry = block[end + 1 :]
        yield _clean(block[:end], intake)
    if carry:
        yield _clean(carry, intake)


def _pieces(stream: Readable, name: str, intake: Intake, max_bytes: int | None) -> Iterator[bytes]:
    decoder: codecs.IncrementalDecoder | None = None
    n_read = 0
    while max_bytes is None or n_read < max_bytes:
        try:
            piece = stream.read(BLOCK_BYTES)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as exc:
            reason = str(exc).rstrip(".") or type(exc).__name__
            intake.problems.append(
                f"{name}: damaged after line {intake.n_lines:,}, the rest was not read ({reason})"
            )
            return
        if not piece:
            return
        encoding = next(
            (e for bom, e in _BOMS.items() if n_read == 0 and piece.startswith(bom)), ""
        )
        if encoding:
            decoder = codecs.getincrementaldecoder(encoding)("replace")
        n_read += len(piece)
        yield piece if decoder is None else decoder.decode(piece).lstrip("\ufeff").encode()


def _clean(block: bytes, intake: Intake) -> bytes:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
    if b"\0" in block:
        block = block.replace(b"\0", b"")
    if b"\x1b" in block:
        block = _ANSI.sub(b"", block)
    intake.n_lines += block.count(b"\n") + 1
    if not block.isascii():
        intake.n_undecodable += _n_undecodable(block)
    return block


def _n_undecodable(block: bytes) -> int:
    try:
        block.decode()
    except UnicodeDecodeError:
        return sum(not _decodes(line) for line in block.split(b"\n"))
    return 0


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_blocks(text: str, name: str, intake: Intake) -> Iterator[bytes]:
    """Blocks of a text that is already in memory."""
    return read_blocks(io.BytesIO(text.encode("utf-8", "replace")), name, intake)

"""Bytes in, clean blocks of whole lines out, with a count of everything that was not clean."""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .unpacking import MAGIC, PACKING_ERRORS, Readable, UnpackedReader

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 64 * 1024
_SNIFF_BYTES = 8192
_ANSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\x1b\x0c\x08") + b"\x7f"
_MAX_CONTROL_SHARE = 0.05
_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(slots=True)
class Intake:
    """What reading a stream met; grows while it is read.

    Attributes:
        n_lines: Lines read.
        n_bytes: Bytes of files read, packed as they are.
        n_cut: Lines longer than 64 KiB, of which only the beginning was kept.
        n_undecodable: Lines that are not UTF-8; they were analysed with replacement characters.
        n_left_out: Lines inside the wanted window that were not read, because there are too many.
        problems: One sentence for each thing that could not be read.
        n_vanished_bytes: Bytes that a file had when reading began and not when they were to be
            read, and of which no problem speaks yet.
    """

    n_lines: int = 0
    n_cut: int = 0
    n_undecodable: int = 0
    n_left_out: int = 0
    problems: list[str] = field(default_factory=list[str])
    n_bytes: int = 0
    n_vanished_bytes: int = 0

    def add(self, other: Intake) -> None:
        """Take over what reading another part met."""
        self.n_lines += other.n_lines
        self.n_cut += other.n_cut
        self.n_undecodable += other.n_undecodable
        self.n_left_out += other.n_left_out
        self.problems += other.problems
        self.n_bytes += other.n_bytes
        self.n_vanished_bytes += other.n_vanished_bytes

    def tell_vanished(self, name: str) -> None:
        """Make a problem of bytes that vanished, if any did.

        Args:
            name: Of the file.
        """
        if self.n_vanished_bytes:
            gone = f"{self.n_vanished_bytes:,} bytes were gone before they were read"
            self.problems.append(f"{name}: became shorter during reading, {gone}")
            self.n_vanished_bytes = 0


class _Rejoined:
    """Bytes that were looked at, and then what follows them."""

    def __init__(self, head: bytes, raw: Readable) -> None:
        self._head = head
        self._raw = raw

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._raw.read(size)
        piece, self._head = self._head[:size], self._head[size:]
        return piece


def unpacked(raw: IO[bytes], name: str, intake: Intake) -> tuple[Readable | None, bool]:
    """Unpack a stream as its first bytes say, whatever its name.

    Args:
        raw: At its beginning; it need not be seekable.

    Returns:
        The text's bytes (None when it is not text), and whether they were packed.
    """
    head = raw.read(_SNIFF_BYTES)
    kind = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
    whole = _Rejoined(head, raw)
    if kind is not None:
        return UnpackedReader(whole, kind), True
    if not head.startswith(tuple(_BOMS)) and is_binary(head):
        intake.problems.append(f"{name}: binary, not a log{_size_note(raw)}")
        return None, False
    return whole, False


def is_plain(path: Path) -> bool:
    """Whether a file begins like text that is neither packed nor in UTF-16.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as raw:
        head = raw.read(_SNIFF_BYTES)
    return not head.startswith((*MAGIC, *_BOMS)) and not is_binary(head)


def _size_note(raw: IO[bytes]) -> str:
    if not raw.seekable():
        return ""
    return f" ({raw.seek(0, os.SEEK_END):,} bytes were not read)"


def is_binary(sample: bytes) -> bool:
    """Whether these bytes are no text; zero bytes alone don't tell (truncated live logs)."""
    text = sample.replace(b"\0", b"")
    n_control = len(text) - len(text.translate(None, _CONTROL))
    return n_control > len(text) * _MAX_CONTROL_SHARE


def read_blocks(
    stream: Readable,
    name: str,
    intake: Intake,
    *,
    max_bytes: int | None = None,
    after: bytes | None = None,
    is_last: bool = True,
) -> Generator[bytes]:
    """Cut a stream into blocks of whole, cleaned lines; what follows a fault is not read.

    Args:
        max_bytes: Stop after about so many unpacked bytes.
        after: The beginning of the first line, where `stream` begins inside a text; None where it
            is a text's beginning.
        is_last: Whether a line that is not ended belongs to it.

    Yields:
        About 1 MiB each, without the last newline; never empty.
    """
    faults: list[str] = []
    carry = after or b""
    discarding = False
    for piece in _pieces(stream, faults, max_bytes, at_start=after is None):
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
        yield clean(block[:end], intake)
    if carry and is_last:
        yield clean(carry, intake)
    intake.problems += (
        f"{name}: damaged after line {intake.n_lines:,}, the rest was not read ({fault})"
        for fault in faults
    )


def _pieces(
    stream: Readable, faults: list[str], max_bytes: int | None, *, at_start: bool
) -> Iterator[bytes]:
    decoder: codecs.IncrementalDecoder | None = None
    n_read = 0
    while max_bytes is None or n_read < max_bytes:
        try:
            piece = stream.read(BLOCK_BYTES)
        except EOFError:
            faults.append("the packed data ends in the middle")
            return
        except PACKING_ERRORS as exc:
            faults.append(str(exc).rstrip(".") or type(exc).__name__)
            return
        if not piece:
            return
        if n_read == 0 and at_start:
            piece = piece.removeprefix(codecs.BOM_UTF8)
            encoding = next((e for bom, e in _BOMS.items() if piece.startswith(bom)), "")
            if encoding:
                decoder = codecs.getincrementaldecoder(encoding)("replace")
        n_read += max(1, len(piece))
        yield piece if decoder is None else decoder.decode(piece).lstrip("\ufeff").encode()


def clean(block: bytes, intake: Intake) -> bytes:
    """Whole lines without carriage returns, zero bytes and colours, none longer than 64 KiB.

    Counts the lines, those that are cut, and those that are not UTF-8.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
    if b"\0" in block:
        block = block.replace(b"\0", b"")
    if b"\x1b" in block:
        block = _ANSI.sub(b"", block)
    if _may_have_long_line(block):
        block = _cut(block, intake)
    intake.n_lines += block.count(b"\n") + 1
    if not block.isascii():
        intake.n_undecodable += _n_undecodable(block)
    return block


def _may_have_long_line(block: bytes) -> bool:
    # A longer line covers at least one whole step, so most blocks need few looks.
    step = MAX_LINE_BYTES // 2
    steps = range(0, len(block) - step + 1, step)
    return any(block.find(b"\n", start, start + step) < 0 for start in steps)


def _cut(block: bytes, intake: Intake) -> bytes:
    lines = block.split(b"\n")
    intake.n_cut += sum(len(line) > MAX_LINE_BYTES for line in lines)
    return b"\n".join(line[:MAX_LINE_BYTES] for line in lines)


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

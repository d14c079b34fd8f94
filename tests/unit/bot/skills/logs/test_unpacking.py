"""Packed logs, whole, cut short, damaged and joined."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import pytest
import zstandard

from bot.skills.logs.blocks import Intake, read_blocks, unpacked
from bot.skills.logs.unpacking import UnpackedReader

Pack = Callable[[bytes], bytes]
PACKERS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
CONTENT = b"".join(b"line %d of %d\n" % (n, n * 7919 % 100_003) for n in range(90_000))

each_packing = pytest.mark.parametrize(("kind", "pack"), PACKERS.items(), ids=PACKERS)


def _read(packed: bytes) -> tuple[list[bytes], Intake]:
    intake = Intake()
    stream, is_packed = unpacked(io.BytesIO(packed), "a.log", intake)
    assert stream is not None
    assert is_packed
    blocks = list(read_blocks(stream, "a.log", intake))
    return [line for block in blocks for line in block.split(b"\n")], intake


@each_packing
def test_members_are_read_one_after_another_with_padding(kind: str, pack: Pack) -> None:
    lines, intake = _read(pack(b"one\n") + b"\0" * 512 + pack(b"two\n"))
    assert lines == [b"one", b"two"]
    assert intake.problems == []


@each_packing
def test_reads_are_as_small_as_asked_for(kind: str, pack: Pack) -> None:
    reader = UnpackedReader(io.BytesIO(pack(b"x" * 5_000_000)), kind)
    sizes: list[int] = []
    while piece := reader.read(1000_000):
        sizes.append(len(piece))
    assert sum(sizes) == 5_000_000
    assert max(sizes) == 1000_000


@each_packing
def test_a_cut_archive_gives_every_whole_line_and_the_count(kind: str, pack: Pack) -> None:
    packed = pack(CONTENT)
    lines, intake = _read(packed[: len(packed) * 3 // 4])
    expected = CONTENT.split(b"\n")
    n_whole = len(lines) - 1
    assert 0 < n_whole < 90_000
    assert lines[:n_whole] == expected[:n_whole]
    (problem,) = intake.problems
    assert problem.startswith(f"a.log: damaged after line {len(lines):,}, the rest was not read")
    assert "ends in the middle" in problem
    assert intake.n_lines == len(lines)


@each_packing
def test_what_precedes_a_damaged_place_is_kept(kind: str, pack: Pack) -> None:
    first, second = pack(CONTENT), bytearray(pack(CONTENT))
    second[30:60] = b"\xff" * 30
    lines, intake = _read(first + bytes(second))
    assert len(lines) >= 90_000
    assert b"\n".join(lines[:90_000]) + b"\n" == CONTENT
    assert "damaged after line" in intake.problems[0]


@each_packing
def test_what_follows_the_packed_data_is_said(kind: str, pack: Pack) -> None:
    lines, intake = _read(pack(b"one\n") + b"no archive at all")
    assert lines == [b"one"]
    assert "something else follows the packed data" in intake.problems[0]

"""Reading bytes that are not as clean as one would wish."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.blocks import MAX_LINE_BYTES, Intake, read_blocks, text_blocks, unpacked


def _lines(content: bytes) -> tuple[list[bytes], Intake]:
    intake = Intake()
    stream, _ = unpacked(io.BytesIO(content), "a.log", intake)
    blocks = [] if stream is None else list(read_blocks(stream, "a.log", intake))
    return [line for block in blocks for line in block.split(b"\n")], intake


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)))
def test_text_comes_out_as_it_went_in(lines: list[str]) -> None:
    text = "\n".join(lines)
    intake = Intake()
    out = [line for block in text_blocks(text, "t", intake) for line in block.split(b"\n")]
    expected = text.removesuffix("\n").split("\n") if text else []
    assert [line.decode() for line in out] == expected
    assert intake.n_lines == len(out)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_packed_files_are_unpacked_whatever_their_name(pack: Callable[[bytes], bytes]) -> None:
    lines, intake = _lines(pack(b"a\nb\n"))
    assert lines == [b"a", b"b"]
    assert intake.problems == []


def test_a_binary_is_refused() -> None:
    lines, intake = _lines(bytes(range(256)) * 64)
    assert lines == []
    assert intake.problems == ["a.log: binary, not a log (16,384 bytes were not read)"]


def test_zero_bytes_of_a_truncated_live_log_are_dropped() -> None:
    assert _lines(b"\0" * 3000 + b"one\ntw\0o\n")[0] == [b"one", b"two"]


def test_endless_lines_are_cut_and_the_next_line_survives() -> None:
    lines, intake = _lines(b"x" * (10 << 20) + b"\nnext\n")
    assert [len(lines[0]), lines[1]] == [MAX_LINE_BYTES, b"next"]
    assert (intake.n_cut, intake.n_lines) == (1, 2)


def test_lines_that_are_not_utf8_are_counted_and_kept() -> None:
    lines, intake = _lines("gr\u00fcn\n".encode() + "gr\u00fcn\n".encode("latin-1") + b"ok\n")
    assert len(lines) == 3
    assert intake.n_undecodable == 1


def test_utf16_is_recoded() -> None:
    lines, intake = _lines("one\ntwo\u00fc\n".encode("utf-16"))
    assert lines == [b"one", "two\u00fc".encode()]
    assert intake.n_undecodable == 0


def test_colours_and_carriage_returns_are_removed() -> None:
    assert _lines(b"\x1b[31mred\x1b[0m\r\nplain\r\n")[0] == [b"red", b"plain"]


def test_a_long_line_between_short_ones_is_cut() -> None:
    lines, intake = _lines(b"short\n" + b"x" * 500_000 + b"\nshort\n")
    assert [len(line) for line in lines] == [5, MAX_LINE_BYTES, 5]
    assert (intake.n_cut, intake.n_lines) == (1, 3)


@pytest.mark.parametrize("length", [MAX_LINE_BYTES, MAX_LINE_BYTES + 1])
def test_only_lines_beyond_the_limit_are_cut(length: int) -> None:
    lines, intake = _lines(b"a\n" * 40_000 + b"x" * length + b"\nb\n")
    assert len(lines[40_000]) == MAX_LINE_BYTES
    assert intake.n_cut == length - MAX_LINE_BYTES


def test_the_mark_of_utf8_is_no_part_of_the_first_line() -> None:
    assert _lines(codecs.BOM_UTF8 + b"one\ntwo\n")[0] == [b"one", b"two"]


def test_what_cannot_be_sought_is_read_all_the_same() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, gzip.compress(b"one\ntwo\n"))
    os.close(write_end)
    intake = Intake()
    with open(read_end, "rb") as raw:
        stream, is_packed = unpacked(raw, "stdin", intake)
        assert stream is not None
        assert (list(read_blocks(stream, "stdin", intake)), is_packed) == ([b"one\ntwo"], True)

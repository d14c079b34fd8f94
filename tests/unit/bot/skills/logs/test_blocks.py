"""Reading bytes that are not as clean as one would wish."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable

import pytest
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


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_unpacked_whatever_their_name(pack: Callable[[bytes], bytes]) -> None:
    lines, intake = _lines(pack(b"a\nb\n"))
    assert lines == [b"a", b"b"]
    assert intake.problems == []


def test_a_truncated_archive_gives_what_could_be_read_and_says_so() -> None:
    content = b"".join(b"line %d of many\n" % n for n in range(200_000))
    packed = gzip.compress(content)
    lines, intake = _lines(packed[: len(packed) // 2])
    assert lines[0] == b"line 0 of many"
    assert 0 < intake.n_lines < 200_000
    assert "damaged" in intake.problems[0]


def test_a_binary_is_refused() -> None:
    lines, intake = _lines(bytes(range(256)) * 64)
    assert lines == []
    assert intake.problems == ["a.log: binary, not a log"]


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

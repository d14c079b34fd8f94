"""Uploads are what their bytes are, and what is lost of them is said."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest
import zstandard

from bot.slack import uploads
from bot.slack.uploads import decode_upload

TEXT = "INFO start\nERROR no room for größe\n" * 40


def test_uploads_that_are_not_text_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"core\.bin.*not text"):
        decode_upload("core.bin", b"\x7fELF\x00\x01")


def test_too_large_ones_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"a\.log.*larger than 20 MiB"):
        decode_upload("a.log", b"x" * (uploads.MAX_UPLOAD_BYTES + 1))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-16"),
        gzip.compress(TEXT.encode()),
        bz2.compress(TEXT.encode()),
        lzma.compress(TEXT.encode()),
        zstandard.ZstdCompressor().compress(TEXT.encode()),
        b"\0" * 100 + TEXT.encode(),
    ],
    ids=["UTF-8", "UTF-16", "gzip", "bzip2", "xz", "zstd", "zero bytes"],
)
def test_the_bytes_tell_what_a_file_is(content: bytes) -> None:
    found = decode_upload("picture.png", content)
    assert (found.text, found.problems) == (TEXT.removesuffix("\n"), ())


def test_broken_utf8_is_read_as_far_as_it_goes_and_counted() -> None:
    found = decode_upload("a.log", b"ok \xff end\nfine")
    assert found.text == "ok \ufffd end\nfine"
    assert found.problems == ("a.log: 1 line not in UTF-8",)


def test_a_damaged_file_is_read_as_far_as_it_goes() -> None:
    packed = gzip.compress(b"".join(b"line %d\n" % n**3 for n in range(9000)))
    found = decode_upload("a.gz", packed[: len(packed) // 2])
    assert found.text.startswith("line 0\nline 1\nline 8\n")
    assert "the packed data ends in the middle" in found.problems[0]


def test_a_small_file_that_unpacks_to_a_large_one_is_read_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "_MAX_TEXT_BYTES", 1 << 20)
    found = decode_upload("a.gz", gzip.compress(b"0123456\n" * (1 << 18)))
    assert len(found.text) == (1 << 20) - 1
    assert found.problems == ("a.gz: only the first 1 MiB were read",)
    whole = decode_upload("b.gz", gzip.compress(b"0123456\n" * (1 << 17)))
    assert whole.problems == ()

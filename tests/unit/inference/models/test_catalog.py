from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from inference.models import verify
from inference.models.catalog import CATALOG, ModelRole, find, resolve
from inference.models.errors import BadModelFileError, MissingModelError, UnknownModelError


def test_names_and_files_are_unique() -> None:
    assert len({entry.name for entry in CATALOG}) == len(CATALOG)
    assert len({entry.file for entry in CATALOG}) == len(CATALOG)


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_every_entry_can_come_from_somewhere_and_unverified_ones_only_from_the_hub(
    entry: object,
) -> None:
    known = next(each for each in CATALOG if each is entry)
    assert known.hub is not None
    assert all(d.sha256 is None or len(bytes.fromhex(d.sha256)) == 32 for d in known.downloads)
    assert (known.package is None) == (known.sha256 is None)


def test_parts_are_in_numeric_order() -> None:
    package = find("qwen2.5-coder-1.5b").package
    assert package is not None
    numbers = [int(name.rpartition("part")[2]) for name in package.distributions]
    assert numbers == list(range(1, 23))


def test_exactly_one_default_and_one_encoder() -> None:
    roles = [entry.role for entry in CATALOG]
    assert roles.count(ModelRole.DEFAULT) == 1
    assert roles.count(ModelRole.EMBEDDING) == 1


def test_case_and_blanks_do_not_matter() -> None:
    assert find(" SmolLM2-135M ") is find("smollm2-135m")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("qwen2.5-coder-1.5", "qwen2.5-coder-1.5b"), ("qwen2.5", "qwen2.5-coder-1.5b"),
     ("all-minilm", "all-minilm-l6-v2"), ("qwen3-4", "qwen3-4b")],
)  # fmt: skip
def test_an_unknown_name_suggests_close_ones(typed: str, meant: str) -> None:
    with pytest.raises(UnknownModelError, match="opsbot models list") as caught:
        find(typed)
    assert meant in caught.value.suggestions
    assert meant in str(caught.value)


def test_a_name_like_nothing_suggests_nothing() -> None:
    with pytest.raises(UnknownModelError) as caught:
        find("zzz")
    assert caught.value.suggestions == ()


def test_a_model_that_is_not_here_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match="opsbot models pull smollm2-135m"):
        resolve("smollm2-135m", tmp_path)


def test_a_catalogue_file_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / find("smollm2-135m").file).write_bytes(b"GGUF, but short")
    with pytest.raises(BadModelFileError, match=r"15 bytes instead of 98,362,432.*models pull"):
        resolve("smollm2-135m", tmp_path)


def test_a_catalogue_file_of_another_content_is_refused(tmp_path: Path) -> None:
    entry = find("smollm2-135m")
    with (tmp_path / entry.file).open("wb") as file:
        file.truncate(entry.n_bytes)
    with pytest.raises(BadModelFileError, match=r"wrong SHA-256.*models pull smollm2-135m"):
        resolve(entry.name, tmp_path)


def test_a_converted_or_unverified_model_without_a_pin_is_refused(tmp_path: Path) -> None:
    for name in ("all-minilm-l6-v2", "qwen3-4b"):
        (tmp_path / find(name).file).write_bytes(b"GGUF")
        with pytest.raises(BadModelFileError, match="no recorded hash"):
            resolve(name, tmp_path)


def test_a_pinned_model_is_held_to_its_pin(tmp_path: Path) -> None:
    path = tmp_path / find("qwen3-4b").file
    path.write_bytes(b"GGUF as it was pulled")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    verify.write_pin(tmp_path, "qwen3-4b", verify.Pin(n_bytes=21, sha256=digest))
    assert resolve("qwen3-4b", tmp_path) == path
    path.write_bytes(b"GGUF as it was chang.")
    with pytest.raises(BadModelFileError, match="wrong SHA-256"):
        resolve("qwen3-4b", tmp_path)


def test_a_path_is_what_the_operator_chose(tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF and more")
    assert resolve(str(path), tmp_path / "elsewhere") == path


def test_a_bare_file_name_is_found_in_the_models_folder(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF and more")
    assert resolve("own.gguf", tmp_path) == tmp_path / "own.gguf"


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a wheel", b"<html>not found</html>"])
def test_a_path_to_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(content)
    with pytest.raises(BadModelFileError, match="not a GGUF file"):
        resolve(str(path), tmp_path)


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModelFileError, match="no such file"):
        resolve(str(tmp_path / "gone.gguf"), tmp_path)

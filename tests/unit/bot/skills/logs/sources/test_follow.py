"""Following a file as it grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.skills.logs.blocks import MAX_LINE_BYTES
from bot.skills.logs.sources.follow import Follower


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.fixture
def follower(path: Path) -> Iterator[Follower]:
    made = Follower(path)
    yield made
    made.close()


def _add(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def _drain(follower: Follower) -> list[bytes]:
    lines: list[bytes] = []
    for _ in range(1000):
        found = follower.poll()
        if not found:
            return lines
        lines += found
    raise AssertionError("the follower gives lines without end")


@pytest.mark.parametrize(("n_last", "first"), [(0, 5), (1, 4), (3, 2), (9, 0)])
def test_it_begins_with_as_many_lines_as_asked_for(path: Path, n_last: int, first: int) -> None:
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(5)))
    follower = Follower(path, n_last=n_last)
    assert _drain(follower) == [b"line %d" % number for number in range(first, 5)]
    _add(path, b"more\n")
    assert _drain(follower) == [b"more"]
    follower.close()


def test_a_line_is_given_when_it_is_whole(path: Path, follower: Follower) -> None:
    path.write_bytes(b"one\ntw")
    assert _drain(follower) == [b"one"]
    _add(path, b"o")
    assert _drain(follower) == []
    _add(path, b"\nthree\n")
    assert _drain(follower) == [b"two", b"three"]


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(
    path: Path, follower: Follower
) -> None:
    path.write_bytes(b"one\n")
    assert _drain(follower) == [b"one"]
    rotated = path.rename(path.with_name("app.log.1"))
    _add(rotated, b"two\n")
    assert _drain(follower) == [b"two"]
    path.write_bytes(b"four\n")
    _add(rotated, b"three\nno newline")
    assert _drain(follower) == [b"three", b"no newline", b"four"]
    assert follower.intake.problems == ["app.log was rotated, the new file is read"]
    assert follower.intake.n_lines == 5


def test_a_truncated_file_is_read_from_its_beginning(path: Path, follower: Follower) -> None:
    path.write_bytes(b"one\ntwo\n")
    assert len(_drain(follower)) == 2
    os.truncate(path, 0)
    _add(path, b"new\n")
    assert _drain(follower) == [b"new"]
    assert "was truncated" in follower.intake.problems[0]


def test_a_file_that_was_rewritten_longer_is_noticed(path: Path, follower: Follower) -> None:
    path.write_bytes(b"one\ntwo\n")
    assert len(_drain(follower)) == 2
    path.write_bytes(b"other one\nother two\nother three\n")
    assert _drain(follower) == [b"other one", b"other two", b"other three"]


def test_a_file_may_come_later_and_go_for_a_while(path: Path, follower: Follower) -> None:
    assert _drain(follower) == []
    assert "waiting for it" in follower.intake.problems[0]
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(50)))
    assert len(_drain(follower)) == 50
    path.unlink()
    assert _drain(follower) == []
    path.write_bytes(b"again\n")
    assert _drain(follower) == [b"again"]


def test_a_line_without_end_is_cut_and_held_in_bounded_memory(
    path: Path, follower: Follower
) -> None:
    path.write_bytes(b"begin\n")
    assert _drain(follower) == [b"begin"]
    for _ in range(5):
        _add(path, b"x" * 1_000_000)
        assert _drain(follower) == []
    _add(path, b"\nend\n")
    lines = _drain(follower)
    assert [len(lines[0]), lines[1]] == [MAX_LINE_BYTES, b"end"]
    assert follower.intake.n_cut == 1

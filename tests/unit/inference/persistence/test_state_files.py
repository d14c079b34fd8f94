from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.persistence import StateFiles, StateKind, StateRef
from inference.request import TokenId

from .conftest import FLUSH_S, IDENTITY, Store, put, run

PROMPT = run(0, 100)
ABSENT = StateRef(key="00" * 32, n_tokens=50, n_common=50)


def restored(files: StateFiles, prompt: tuple[TokenId, ...]) -> tuple[int, bytes] | None:
    """What is brought back for a prompt: tokens in common and the payload."""
    ref = files.match(prompt)
    loaded = files.load(ref) if ref is not None else None
    if ref is None or loaded is None:
        return None
    assert loaded.tokens[: ref.n_common] == prompt[: ref.n_common]
    assert len(loaded.tokens) == ref.n_tokens
    return ref.n_common, loaded.payload


def test_a_later_process_finds_what_was_saved(store: Store) -> None:
    first = store.open()
    put(first, run(0, 60), b"short")
    put(first, run(1000, 60), b"other")
    later = store.open()
    assert restored(later, PROMPT) == (60, b"short")
    assert restored(later, run(5000, 100)) is None
    assert (later.counts.n_hits, later.counts.n_misses, first.counts.n_saved) == (1, 1, 2)
    assert later.counts.n_bytes == sum(path.stat().st_size for path in store.paths())


def test_a_state_that_goes_beyond_the_prompt_is_useful(store: Store) -> None:
    put(store.open(), run(0, 300), b"long")
    ref = store.open().match(PROMPT)
    assert ref is not None
    assert (ref.n_common, ref.n_tokens) == (99, 300)


def test_the_last_token_of_a_prompt_is_never_matched(store: Store) -> None:
    files = store.open()
    put(files, PROMPT)
    assert restored(files, PROMPT) == (99, b"payload")


@pytest.mark.parametrize(("n_common", "is_found"), [(31, False), (32, True)])
def test_a_short_common_prefix_is_not_worth_a_file(
    store: Store, n_common: int, is_found: bool
) -> None:
    files = store.open()
    put(files, run(0, n_common) + run(9000, 50))
    assert (files.match(PROMPT) is not None) is is_found


def test_a_state_that_cannot_be_cut_must_fit_as_a_whole(store: Store) -> None:
    files = store.open(is_divisible=False)
    put(files, run(0, 300), b"long")
    put(files, run(0, 50), b"fits")
    assert restored(files, PROMPT) == (50, b"fits")


def test_without_an_identity_nothing_is_saved_or_found(store: Store) -> None:
    put(store.open(), run(0, 60))
    files = store.open(identity="")
    put(files, run(1000, 60))
    assert not files.is_usable
    assert files.match(PROMPT) is None
    assert files.load(ABSENT) is None
    assert len(store.paths()) == 1


def test_states_of_another_model_are_left_alone_but_not_used(store: Store) -> None:
    put(store.open("model-b"), run(0, 60))
    files = store.open()
    assert files.match(PROMPT) is None
    assert files.counts.n_bytes == store.only_path().stat().st_size
    assert files.counts.n_corrupt == 0


def test_states_of_another_model_go_first_when_room_is_needed(store: Store) -> None:
    own = store.open()
    put(own, run(0, 60), bytes(1000))
    store.clock.now += 100
    put(store.open("model-b"), run(0, 60), bytes(1000))
    store.clock.now += 100
    full = store.open(max_bytes=3500)
    put(full, run(1000, 60), bytes(1000))
    assert full.counts.n_removed == 1
    assert restored(full, PROMPT) == (60, bytes(1000))
    assert store.open("model-b").match(PROMPT) is None


def test_the_least_recently_used_gives_way(store: Store) -> None:
    files = store.open(max_bytes=5000)
    for first in (0, 1000, 2000):
        store.clock.now += 100
        put(files, run(first, 60), bytes(1000))
    store.clock.now += 100
    assert files.match(run(0, 100)) is not None
    later = store.open(max_bytes=5000)
    store.clock.now += 100
    put(later, run(3000, 60), bytes(1000))
    assert [later.match(run(first, 100)) is None for first in (0, 1000, 2000, 3000)] == [
        False,
        True,
        False,
        False,
    ]
    assert later.counts.n_bytes <= 5000


def test_a_state_larger_than_the_cap_is_dropped_and_removes_nothing(store: Store) -> None:
    files = store.open(max_bytes=2000)
    put(files, run(0, 60), bytes(100))
    put(files, run(1000, 60), bytes(2000))
    assert (files.counts.n_dropped, files.counts.n_removed) == (1, 0)
    assert files.match(PROMPT) is not None


def test_what_is_saved_is_not_written_again(store: Store) -> None:
    files = store.open()
    put(files, run(0, 200))
    before = store.only_path().stat().st_ino
    put(files, run(0, 200), b"other")
    put(files, run(0, 100))
    assert files.counts.n_saved == 1
    assert store.only_path().stat().st_ino == before


def test_a_thread_that_went_on_replaces_its_earlier_file(store: Store) -> None:
    files = store.open()
    put(files, run(0, 60), b"prefix", StateKind.PINNED)
    put(files, run(0, 100))
    put(files, run(0, 150), b"longer")
    assert len(store.paths()) == 2
    assert restored(files, run(0, 61)) == (60, b"prefix")
    assert restored(files, run(0, 200)) == (150, b"longer")


def damage(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position % len(data)] ^= 0x10
    path.write_bytes(bytes(data))


@given(position=st.integers(0, 10_000))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_deleted_counted_and_never_returned(store: Store, position: int) -> None:
    files = store.open()
    put(files, run(0, 60))
    ref = files.match(PROMPT)
    assert ref is not None
    damage(store.only_path(), position)
    assert files.load(ref) is None
    assert store.paths() == []
    assert (files.counts.n_corrupt, files.counts.n_hits, files.counts.n_bytes) == (1, 0, 0)
    put(files, run(0, 60), b"anew")
    assert restored(files, PROMPT) == (60, b"anew")
    store.only_path().unlink()


@given(position=st.integers(0, 10_000))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_before_opening_never_reaches_a_caller(store: Store, position: int) -> None:
    put(store.open(), run(0, 60))
    damage(store.only_path(), position)
    files = store.open()
    assert restored(files, PROMPT) is None
    for path in store.paths():
        # NOTE: a flipped identity looks like another model's file, which is not ours to delete.
        path.unlink()


def test_a_truncated_file_is_deleted_when_the_folder_is_opened(store: Store) -> None:
    put(store.open(), run(0, 60))
    with store.only_path().open("r+b") as file:
        file.truncate(100)
    assert store.open().counts.n_corrupt == 1
    assert store.paths() == []


def test_a_valid_file_under_another_name_is_not_believed(store: Store) -> None:
    put(store.open(), run(0, 60))
    path = store.only_path()
    path.rename(path.with_name("ff" * 32 + ".kvstate"))
    files = store.open()
    assert files.match(PROMPT) is None
    assert (files.counts.n_corrupt, store.paths()) == (1, [])


def test_a_file_exchanged_for_another_valid_one_is_not_believed(store: Store) -> None:
    files = store.open()
    put(files, run(0, 60))
    wanted = store.only_path()
    ref = files.match(PROMPT)
    put(files, run(1000, 60))
    (other,) = set(store.paths()) - {wanted}
    other.replace(wanted)
    assert ref is not None
    assert files.load(ref) is None
    assert files.counts.n_corrupt == 1


def test_a_state_the_model_does_not_take_is_deleted(store: Store) -> None:
    files = store.open()
    put(files, run(0, 60))
    ref = files.match(PROMPT)
    assert ref is not None
    files.discard(ref)
    assert (store.paths(), files.counts.n_corrupt) == ([], 1)


def test_a_file_that_vanishes_after_the_match_is_a_miss(store: Store) -> None:
    files = store.open()
    put(files, run(0, 60))
    ref = files.match(PROMPT)
    store.only_path().unlink()
    assert ref is not None
    assert files.load(ref) is None
    assert (files.counts.n_misses, files.counts.n_corrupt) == (1, 0)
    assert files.match(PROMPT) is None


def test_two_open_stores_see_what_the_other_writes_and_removes(store: Store) -> None:
    one, other = store.open(), store.open()
    put(one, run(0, 60), b"from one")
    assert restored(other, PROMPT) == (60, b"from one")
    store.only_path().unlink()
    assert other.match(PROMPT) is None
    assert other.counts.n_bytes == 0


def test_the_cap_holds_when_another_process_wrote_while_a_state_was_queued(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = store.open(max_bytes=3500), store.open(max_bytes=3500)
    is_syncing, may_sync, real_sync = threading.Event(), threading.Event(), os.fsync

    def hold_the_first(descriptor: int) -> None:
        if not is_syncing.is_set():
            is_syncing.set()
            may_sync.wait(FLUSH_S)
        real_sync(descriptor)

    monkeypatch.setattr(os, "fsync", hold_the_first)
    one.save(run(0, 60), bytes(1000), StateKind.THREAD)
    assert is_syncing.wait(FLUSH_S)
    one.save(run(1000, 60), bytes(1000), StateKind.THREAD)
    put(other, run(2000, 60), bytes(1000))
    may_sync.set()
    assert one.flush(FLUSH_S)
    assert len(store.paths()) == 2
    assert sum(path.stat().st_size for path in store.paths()) <= 3500


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_takes_nothing_is_logged_once_and_serves_again_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    files = store.open()
    put(files, run(0, 60))

    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with structlog.testing.capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        put(files, run(1000, 60))
        put(files, run(2000, 60))
    assert [log["event"] for log in logs] == ["state_not_written"]
    assert (files.counts.n_dropped, files.counts.n_saved) == (2, 1)
    assert len(list(store.path.iterdir())) == 1
    assert restored(files, PROMPT) == (60, b"payload")
    put(files, run(1000, 60))
    assert files.counts.n_saved == 2


def test_a_file_that_cannot_be_read_is_a_miss_and_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = store.open()
    put(files, run(0, 60))
    ref = files.match(PROMPT)
    real_open = os.open

    def refuse(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith(".kvstate"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert ref is not None
        assert files.load(ref) is None
        blind = store.open()
        assert blind.match(PROMPT) is None
        assert blind.counts.n_bytes == store.only_path().stat().st_size
    assert files.counts.n_corrupt == 0
    assert restored(store.open(), PROMPT) == (60, b"payload")


def test_a_folder_that_cannot_be_made_is_logged_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with structlog.testing.capture_logs() as logs:
        files = StateFiles.open(tmp_path / "file" / "states", IDENTITY, max_bytes=1000)
        put(files, run(0, 60))
        assert files.match(PROMPT) is None
    assert [log["event"] for log in logs] == ["state_folder_not_used"]
    assert files.close(0.0)


def test_a_folder_that_disappears_is_a_miss(store: Store) -> None:
    files = store.open()
    put(files, run(0, 60))
    ref = files.match(PROMPT)
    store.only_path().unlink()
    store.path.rmdir()
    assert ref is not None
    files.match(PROMPT)
    assert files.load(ref) is None
    put(files, run(1000, 60))
    assert files.counts.n_dropped == 1


def test_saving_does_not_wait_for_the_disk_and_closing_does(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, real_sync = store.open(), os.fsync
    is_syncing, may_sync = threading.Event(), threading.Event()

    def wait_then_sync(descriptor: int) -> None:
        is_syncing.set()
        may_sync.wait(FLUSH_S)
        real_sync(descriptor)

    monkeypatch.setattr(os, "fsync", wait_then_sync)
    files.save(run(0, 60), b"payload", StateKind.THREAD)
    assert is_syncing.wait(FLUSH_S)
    files.save(run(1000, 60), b"payload", StateKind.THREAD)
    assert files.is_writing
    assert files.is_saved(run(0, 60), StateKind.THREAD)
    assert store.paths() == []
    assert not files.close(0.0)
    assert files.counts.n_dropped == 1
    may_sync.set()
    assert files.flush(FLUSH_S)
    assert files.close(FLUSH_S) is True
    assert len(store.paths()) == 1
    files.save(run(2000, 60), b"payload", StateKind.THREAD)
    assert (files.counts.n_dropped, len(store.paths())) == (2, 1)


def test_closing_writes_what_is_queued(store: Store) -> None:
    files = store.open()
    for first in (0, 1000, 2000):
        files.save(run(first, 60), b"payload", StateKind.PINNED)
    assert files.close(FLUSH_S)
    assert len(store.paths()) == 3


def test_an_error_nobody_foresaw_loses_one_state_not_the_writer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = store.open()

    def fail(descriptor: int) -> None:
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        put(files, run(0, 60))
    put(files, run(0, 60))
    assert (files.counts.n_dropped, files.counts.n_saved) == (1, 1)


@pytest.mark.parametrize(("tokens", "payload"), [((), b"payload"), (run(0, 60), b"")])
def test_an_empty_state_is_refused(
    store: Store, tokens: tuple[TokenId, ...], payload: bytes
) -> None:
    with pytest.raises(ValueError, match="at least one token and one byte"):
        store.open().save(tokens, payload, StateKind.THREAD)


def test_use_is_remembered_over_a_restart(store: Store) -> None:
    files = store.open()
    put(files, run(0, 60))
    ref = files.match(PROMPT)
    assert ref is not None
    store.clock.now += 1000
    files.touch(ref)
    assert store.only_path().stat().st_mtime == store.clock.now

"""What the workspace remembers, and the file it is kept in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.workspace import seed
from bot.workspace.errors import SnapshotError
from bot.workspace.records import Message, Status, StoredFile, Stream
from bot.workspace.snapshot import SnapshotFile
from bot.workspace.state import State


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def message(ts: str, **changes: object) -> Message:
    base: dict[str, object] = {"channel_id": seed.GENERAL, "ts": ts, "user_id": seed.MAYA}
    return Message(**{**base, **changes})  # pyright: ignore[reportArgumentType]


def test_a_put_with_the_same_name_replaces() -> None:
    state = State(Clock())
    state.put(message("1.000001", text="a"))
    state.put(message("1.000001", text="b"))
    assert [m.text for m in state.messages(seed.GENERAL)] == ["b"]


def test_replies_leave_out_the_parent_other_threads_and_ephemeral_ones() -> None:
    state = State(Clock())
    state.put(message("1.000001"))
    state.put(message("2.000001", thread_ts="1.000001"))
    state.put(message("3.000001", thread_ts="1.000001", ephemeral_to=seed.MAYA))
    state.put(message("4.000001", thread_ts="9.000001"))
    assert [m.ts for m in state.replies(seed.GENERAL, "1.000001")] == ["2.000001"]


def test_a_status_line_ends_by_itself() -> None:
    clock = Clock()
    state = State(clock)
    state.set_status(
        Status(channel_id="C", thread_ts="1", text="is thinking", expires_at=clock.now + 120)
    )
    assert len(state.statuses()) == 1
    clock.now += 121
    assert state.statuses() == []


def test_every_person_has_a_direct_message_of_their_own() -> None:
    state = State(Clock())
    people = [user for user in seed.USERS if not user.is_bot]
    channels = [state.direct_channel(user.user_id) for user in people]
    assert len({channel.channel_id for channel in channels if channel}) == len(people)


def test_the_seed_has_everybody_that_authorization_must_tell_apart() -> None:
    users = {user.user_id: user for user in seed.USERS}
    assert users[seed.GUEST].is_restricted
    assert users[seed.PARTNER].team_id != seed.TEAM_ID
    assert all(users[approver].role == "approver" for approver in seed.APPROVERS)


def saved(path: Path) -> State:
    state = State(Clock())
    file = StoredFile(
        file_id="F1",
        name="a.log",
        title="a",
        mimetype="text/plain",
        user_id=seed.MAYA,
        created=1,
        size_bytes=3,
        is_shared=True,
    )
    state.files["F1"] = file
    state.contents["F1"] = b"abc"
    state.put(
        message(
            "1800000000.000001",
            blocks=({"type": "divider", "block_id": "b"},),
            reactions={"eyes": (seed.JONAS,)},
            file_ids=("F1",),
            stream=Stream(started_at=1.0, text="hi", stopped=True),
        )
    )
    state.put(message("1800000000.000002", ephemeral_to=seed.MAYA))
    SnapshotFile(path).write(SnapshotFile(path).render(state, "token"), state.contents)
    return state


def test_a_restart_finds_messages_files_and_token_again(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    before = saved(path)
    after = State(Clock())
    assert SnapshotFile(path).load(after) == "token"
    kept = [m for m in before.messages() if m.ephemeral_to is None]
    assert list(after.messages()) == kept
    assert after.contents == {"F1": b"abc"}
    assert after.timestamps.next() > kept[-1].ts


def test_the_state_file_is_private_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    saved(path)
    assert path.stat().st_mode & 0o077 == 0
    assert {entry.name for entry in tmp_path.iterdir()} == {
        "workspace.json",
        "workspace.json.files",
    }


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"version": 99}), '{"version": 1}'])
def test_a_damaged_state_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "workspace.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SnapshotError, match="delete it"):
        SnapshotFile(path).load(State(Clock()))


def test_a_missing_state_file_is_an_empty_workspace(tmp_path: Path) -> None:
    assert SnapshotFile(tmp_path / "none.json").load(State(Clock())) is None

"""The state file: what survives a restart, written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import SnapshotError
from .json_values import JsonObject, is_object, objects
from .records import Message, StoredFile, Stream
from .state import State

_VERSION = 1


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A JSON file of messages, and a folder beside it with the bytes of files.

    Attributes:
        path: The JSON file; uploads lie in `<path>.files/`.
    """

    path: Path

    @property
    def _folder(self) -> Path:
        return self.path.with_name(self.path.name + ".files")

    def load(self, state: State) -> str | None:
        """Fill a state with what was saved.

        Returns:
            The page's token of the earlier run, or None when there was none.

        Raises:
            SnapshotError: The file is damaged or from another version.
        """
        try:
            document: object = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            raise SnapshotError(self._complaint(str(exc))) from exc
        if not is_object(document) or document.get("version") != _VERSION:
            raise SnapshotError(self._complaint("not a state file of this version"))
        try:
            messages = [_message(entry) for entry in objects(document["messages"])]
            files = [StoredFile(**entry) for entry in objects(document["files"])]
            token = str(document["page_token"])
        except (KeyError, TypeError) as exc:
            raise SnapshotError(self._complaint(f"unexpected content: {exc}")) from exc
        state.restore(messages, files)
        self._load_contents(state, files)
        return token

    def render(self, state: State, page_token: str) -> str:
        """The file's text for a state; ephemeral messages are not kept, as in Slack."""
        kept = [asdict(m) for m in state.messages() if m.ephemeral_to is None]
        files = [asdict(file) for file in state.files.values() if file.is_shared]
        return json.dumps(
            {"version": _VERSION, "page_token": page_token, "messages": kept, "files": files}
        )

    def write(self, text: str, contents: dict[str, bytes]) -> None:
        """Put the text in place in one step, and store file bytes that are new.

        Raises:
            SnapshotError: The disk refused.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for file_id, content in contents.items():
                place = self._folder / file_id
                if not place.exists():
                    _replace(place, content)
            _replace(self.path, text.encode())
        except OSError as exc:
            raise SnapshotError(f"{self.path} cannot be written: {exc.strerror}") from exc

    def _load_contents(self, state: State, files: list[StoredFile]) -> None:
        for file in files:
            place = self._folder / file.file_id
            if place.is_file():
                state.contents[file.file_id] = place.read_bytes()

    def _complaint(self, fault: str) -> str:
        return f"{self.path} cannot be read ({fault}); delete it to start with an empty workspace"


def _replace(path: Path, content: bytes) -> None:
    """Write beside the target, then rename over it."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def _message(entry: JsonObject) -> Message:
    """A message from JSON, where tuples became lists."""
    fields = dict(entry)
    for name in ("blocks", "attachments", "file_ids"):
        fields[name] = tuple(fields[name])
    fields["reactions"] = {key: tuple(users) for key, users in fields["reactions"].items()}
    if fields["stream"] is not None:
        fields["stream"] = Stream(**fields["stream"])
    return Message(**fields)

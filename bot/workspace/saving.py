"""Writes the state file a moment after a change, and once more at the end."""

from __future__ import annotations

import asyncio

import structlog

from .changes import Changes
from .errors import SnapshotError
from .snapshot import SnapshotFile
from .state import State

_KEPT_KINDS = {"message", "deleted"}


class Saver:
    """Keeps a state file current.

    Args:
        file: Where to.
        state: What.
        page_token: Kept with it, so that an open page finds the next run.
        delay_s: Changes within this many seconds are written together.
    """

    def __init__(self, file: SnapshotFile, state: State, page_token: str, delay_s: float) -> None:
        self._file = file
        self._state = state
        self._page_token = page_token
        self._delay_s = delay_s

    async def run(self, changes: Changes) -> None:
        """Save after every burst of changes until cancelled."""
        queue = changes.subscribe()
        try:
            while (change := await queue.get()) is not None:
                if change["kind"] not in _KEPT_KINDS:
                    continue
                await asyncio.sleep(self._delay_s)
                while not queue.empty():
                    queue.get_nowait()
                await self._save_or_warn()
        finally:
            changes.unsubscribe(queue)

    async def save(self) -> None:
        """Write the present state.

        Raises:
            SnapshotError: The disk refused.
        """
        text = self._file.render(self._state, self._page_token)
        shared = {file.file_id for file in self._state.files.values() if file.is_shared}
        contents = {key: value for key, value in self._state.contents.items() if key in shared}
        await asyncio.to_thread(self._file.write, text, contents)

    async def _save_or_warn(self) -> None:
        try:
            await self.save()
        except SnapshotError as exc:
            structlog.get_logger().warning("workspace_not_saved", reason=str(exc))

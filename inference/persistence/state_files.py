"""Saved states of one model: found by a prompt's tokens, verified when loaded, written behind.

Nothing here raises for what a disk can do. A state that cannot be read is computed again, one that
cannot be written is computed again after the next restart; both are counted, and logged once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import structlog

from ..request import TokenId
from .catalogue import Catalogue, Content, Entry, StateRef
from .container import (
    Header,
    StateKind,
    Summary,
    as_array,
    file_size,
    state_key,
    write_container,
)
from .errors import BadStateFileError, UnsafeFolderError
from .folder import StateFolder
from .inspection import inspect, read_verified, unreadable
from .write_queue import PendingState
from .writer import BackgroundWriter

_MIN_TOKENS = 32
_NO_LIMIT = 2**31
_MAX_QUEUED_BYTES = 512 << 20
_TOUCH_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedState:
    """A verified state.

    Attributes:
        tokens: Everything the state holds, often more than the prompt it was found for needs.
        payload: For `Backend.write_state`.
    """

    tokens: tuple[TokenId, ...]
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCounts:
    """What became of states since the folder was opened.

    Attributes:
        n_hits: Loaded and verified.
        n_misses: Prompts without a saved state, and states that could not be loaded.
        n_corrupt: Files that failed a check and were deleted.
        n_saved: Files written.
        n_dropped: States that were to be written and are not.
        n_removed: Files that gave way to others.
        n_bytes: All files in the folder together, now.
    """

    n_hits: int = 0
    n_misses: int = 0
    n_corrupt: int = 0
    n_saved: int = 0
    n_dropped: int = 0
    n_removed: int = 0
    n_bytes: int = 0


class StateFiles:
    """A folder of states as one model sees it. Use `open`.

    For one engine thread, except `counts`. No lock is held while a file is read or written.
    """

    def __init__(
        self,
        folder: StateFolder | None,
        identity: str,
        *,
        max_bytes: int,
        is_divisible: bool,
        clock: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._max_bytes = max_bytes
        self._clock = clock
        self._catalogue = Catalogue(is_divisible=is_divisible)
        self._writer = BackgroundWriter(self._store, _MAX_QUEUED_BYTES)
        self._lock = threading.Lock()
        self._stamp: int | None = None
        self._complaints: set[tuple[str, int | None]] = set()
        self._n_hits = self._n_misses = self._n_corrupt = self._n_saved = self._n_removed = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        identity: str,
        *,
        max_bytes: int,
        is_divisible: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> StateFiles:
        """Open a folder, make it if need be, and read what its files begin with.

        Never fails: a folder that cannot be used is logged, and then nothing is found or saved.

        Args:
            folder: May be shared with other processes and other models.
            identity: See `ModelInfo.identity`; empty: nothing is found or saved.
            max_bytes: Of all files in the folder together, those of other models included.
            is_divisible: Whether restored states can be truncated; see `can_share_prefixes`.
            clock: Unix time.
        """
        opened = _open_folder(folder) if identity else None
        files = cls(opened, identity, max_bytes=max_bytes, is_divisible=is_divisible, clock=clock)
        files._refresh()
        return files

    @property
    def counts(self) -> StateCounts:
        """What happened so far. Any thread."""
        n_dropped = self._writer.n_dropped
        with self._lock:
            return StateCounts(
                n_hits=self._n_hits,
                n_misses=self._n_misses,
                n_corrupt=self._n_corrupt,
                n_saved=self._n_saved,
                n_dropped=n_dropped,
                n_removed=self._n_removed,
                n_bytes=self._catalogue.n_bytes,
            )

    @property
    def is_usable(self) -> bool:
        """Whether there is a folder, and a model whose states mean something later."""
        return self._folder is not None

    @property
    def is_writing(self) -> bool:
        """Whether a state waits or is being written."""
        return not self._writer.is_idle

    def match(
        self,
        tokens: Sequence[TokenId],
        *,
        min_tokens: int = _MIN_TOKENS,
        max_tokens: int = _NO_LIMIT,
    ) -> StateRef | None:
        """Find the saved state that shares the longest prefix with a prompt.

        It may hold more tokens than the prompt begins with; after restoring, those are of no use.
        States that begin the prompt are noted as used, so that they stay.

        Args:
            tokens: A whole prompt. Its last token is never matched: it is always decoded again.
            min_tokens: Shorter common prefixes are not worth a file's reading.
            max_tokens: Longer states have no room in memory.
        """
        self._refresh()
        prompt, now = as_array(tokens[:-1]), self._clock()
        with self._lock:
            ref = self._catalogue.match(prompt, min_tokens=min_tokens, max_tokens=max_tokens)
            used = self._catalogue.prefixes_of(prompt)
            self._n_misses += ref is None
        for key in used:
            self._mark_used(key, now)
        return ref

    def load(self, ref: StateRef) -> LoadedState | None:
        """Read and verify a state, in the caller's thread.

        Returns:
            None when the file is gone, cannot be read, or failed a check; then it is deleted.
        """
        if self._folder is None:
            return None
        try:
            summary, payload = read_verified(self._folder, ref.key, self._identity)
        except FileNotFoundError:
            self._forget((ref.key,))
        except BadStateFileError as exc:
            self._delete_bad(ref.key, str(exc))
        except OSError as exc:
            self._forget((ref.key,))
            self._complain("state_not_read", exc)
        else:
            with self._lock:
                self._n_hits += 1
            self._mark_used(ref.key, self._clock())
            return LoadedState(tokens=_as_tuple(summary), payload=payload)
        with self._lock:
            self._n_misses += 1
        return None

    def is_saved(self, tokens: Sequence[TokenId], kind: StateKind) -> bool:
        """Whether saving these tokens would add nothing, or is under way."""
        array = as_array(tokens)
        if self._writer.holds(state_key(self._identity, array)):
            return True
        self._refresh()
        with self._lock:
            return self._catalogue.covers(array, kind)

    def save(self, tokens: Sequence[TokenId], payload: bytes, kind: StateKind) -> None:
        """Write a state in the background, unless it is saved already.

        Args:
            tokens: Everything the state holds, at least one token.
            payload: What `Backend.read_state` returned; not empty.
        """
        if self._folder is None or self.is_saved(tokens, kind):
            return
        if not tokens or not payload:
            raise ValueError("a state holds at least one token and one byte")
        array = as_array(tokens)
        key = state_key(self._identity, array)
        self._writer.put(PendingState(key=key, kind=kind, tokens=array, payload=payload))

    def discard(self, ref: StateRef) -> None:
        """Delete a state that was loaded but could not be restored, and count it as corrupt."""
        self._delete_bad(ref.key, "the model does not take it")

    def touch(self, ref: StateRef) -> None:
        """Note that a state is of use, so that it stays."""
        self._mark_used(ref.key, self._clock())

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything queued is written; returns whether it is."""
        return self._writer.wait_idle(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Write what is queued, for at most so long, and drop the rest. Idempotent.

        Returns:
            Whether everything is written.
        """
        return self._writer.close(timeout_s)

    def _refresh(self) -> None:
        """Take notice of files that other processes wrote or removed. Both threads do this."""
        folder = self._folder
        if folder is None:
            return
        # NOTE: taken before the folder is listed: what the other thread adds meanwhile stays.
        with self._lock:
            known = self._catalogue.keys
        try:
            stamp = folder.stamp()
            if stamp is not None and stamp == self._stamp:
                return
            found = folder.keys()
        except OSError as exc:
            self._complain("state_folder_not_read", exc)
            return
        added = [self._inspect(folder, key) for key in found - known]
        with self._lock:
            for key in known - found:
                self._catalogue.remove(key)
            for entry in added:
                if entry is not None:
                    self._catalogue.add(entry)
        self._stamp = stamp

    def _inspect(self, folder: StateFolder, key: str) -> Entry | None:
        """Read what a file begins with; None when there is nothing to be entered."""
        try:
            return inspect(folder, key, self._identity)
        except FileNotFoundError:
            return None
        except BadStateFileError as exc:
            self._delete_bad(key, str(exc))
            return None
        except OSError as exc:
            self._complain("state_not_read", exc)
            return unreadable(folder, key)

    def _store(self, state: PendingState) -> bool:
        """Write one state, in the writer's thread."""
        folder = self._folder
        if folder is None:
            return False
        now = self._clock()
        header = self._header(state, now)
        n_bytes = file_size(header)
        self._refresh()
        if not self._make_room(folder, state, n_bytes):
            return False

        def fill(file: BinaryIO) -> None:
            write_container(file, header, state.tokens, state.payload)

        try:
            folder.write(state.key, fill, used_at=now)
        except OSError as exc:
            self._complain("state_not_written", exc)
            return False
        content = Content(kind=state.kind, tokens=state.tokens)
        with self._lock:
            self._catalogue.add(Entry(key=state.key, n_bytes=n_bytes, used_at=now, content=content))
            self._n_saved += 1
            superseded = self._catalogue.superseded_by(state.tokens)
        self._remove(folder, superseded)
        return True

    def _header(self, state: PendingState, now: float) -> Header:
        return Header(
            identity=self._identity,
            kind=state.kind,
            n_tokens=len(state.tokens),
            n_payload_bytes=len(state.payload),
            created_at=datetime.fromtimestamp(now, UTC),
        )

    def _make_room(self, folder: StateFolder, state: PendingState, n_bytes: int) -> bool:
        with self._lock:
            superseded = self._catalogue.superseded_by(state.tokens)
            victims = self._catalogue.victims(n_bytes, self._max_bytes, first=superseded)
        if victims is None:
            self._complain("state_too_large", None)
            return False
        self._remove(folder, victims)
        return True

    def _remove(self, folder: StateFolder, keys: Iterable[str]) -> None:
        """Let files give way; one that cannot be removed goes on taking up room."""
        gone = [key for key in keys if folder.remove(key)]
        self._forget(gone)
        with self._lock:
            self._n_removed += len(gone)

    def _delete_bad(self, key: str, reason: str) -> None:
        is_gone = self._folder is not None and self._folder.remove(key)
        self._forget((key,))
        with self._lock:
            self._n_corrupt += 1
        structlog.get_logger().warning("state_file_bad", key=key, reason=reason, is_deleted=is_gone)

    def _forget(self, keys: Iterable[str]) -> None:
        with self._lock:
            for key in keys:
                self._catalogue.remove(key)

    def _mark_used(self, key: str, now: float) -> None:
        with self._lock:
            is_due = self._catalogue.touch(key, now, every_s=_TOUCH_EVERY_S)
        if is_due and self._folder is not None:
            self._folder.mark_used(key, now)

    def _complain(self, event: str, exc: OSError | None) -> None:
        """Log each kind of trouble once: a full disk would fill the log as well."""
        trouble = event, exc.errno if exc is not None else None
        if trouble not in self._complaints:
            self._complaints.add(trouble)
            structlog.get_logger().warning(event, error=str(exc) if exc is not None else None)


def _open_folder(path: Path) -> StateFolder | None:
    try:
        folder = StateFolder(path)
        folder.remove_leftovers()
    except (OSError, UnsafeFolderError) as exc:
        structlog.get_logger().warning("state_folder_not_used", error=str(exc))
        return None
    return folder


def _as_tuple(summary: Summary) -> tuple[TokenId, ...]:
    return tuple(TokenId(token) for token in summary.tokens.tolist())

"""What lies in the folder, by the tokens it begins with. Pure bookkeeping.

The token ids of every state of this model are in memory (4 bytes each), the payloads are not. A
prompt is compared with all of them: a few hundred files fit under any sensible cap, and comparing
arrays takes microseconds each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .container import StateKind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Content:
    """What a state of this model is of."""

    kind: StateKind
    tokens: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One file.

    Attributes:
        used_at: When it was last of use, Unix time.
        content: None: of another model, or unreadable. It only takes up room.
    """

    key: str
    n_bytes: int
    used_at: float
    content: Content | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRef:
    """A saved state that is worth restoring for a prompt.

    Attributes:
        n_tokens: Tokens of the state, >= n_common.
        n_common: How many of them the prompt begins with, < len(prompt).
    """

    key: str
    n_tokens: int
    n_common: int


class Catalogue:
    """See the module.

    Args:
        is_divisible: Whether a restored state can be cut to a shorter one; if not, only states
            that a prompt contains as a whole are found.
    """

    def __init__(self, *, is_divisible: bool) -> None:
        self._is_divisible = is_divisible
        self._entries: dict[str, Entry] = {}

    @property
    def n_bytes(self) -> int:
        """All files together."""
        return sum(entry.n_bytes for entry in self._entries.values())

    @property
    def keys(self) -> frozenset[str]:
        """All files."""
        return frozenset(self._entries)

    def add(self, entry: Entry) -> None:
        """Add a file, or replace what is known of it."""
        self._entries[entry.key] = entry

    def remove(self, key: str) -> None:
        """Forget a file, if it is known."""
        self._entries.pop(key, None)

    def match(
        self, prompt: NDArray[np.int32], *, min_tokens: int, max_tokens: int
    ) -> StateRef | None:
        """The state that shares the most tokens with a prompt's beginning, the smallest such one.

        Args:
            prompt: Without its last token, which is always decoded again for its logits.
            min_tokens: States that share fewer are not worth it.
            max_tokens: States that hold more have no room.
        """
        best: StateRef | None = None
        for key, content in self._contents():
            n_tokens = len(content.tokens)
            n_common = n_common_tokens(content.tokens, prompt)
            if n_tokens > max_tokens or n_common < min_tokens:
                continue
            if n_common < n_tokens and not self._is_divisible:
                continue
            found = StateRef(key=key, n_tokens=n_tokens, n_common=n_common)
            if best is None or _worth(found) > _worth(best):
                best = found
        return best

    def prefixes_of(self, tokens: NDArray[np.int32]) -> tuple[str, ...]:
        """States of a part of these tokens from the first on, or of all of them."""
        return tuple(
            key for key, content in self._contents() if is_prefix(content.tokens, of=tokens)
        )

    def covers(self, tokens: NDArray[np.int32], kind: StateKind) -> bool:
        """Whether saving these tokens would add nothing.

        A thread is covered by any state that goes on from it. A pinned prefix is only covered by
        a pinned one: it outlives the threads that begin with it, and loads faster.
        """
        for _, content in self._contents():
            is_same = len(content.tokens) == len(tokens)
            serves = kind is StateKind.THREAD or content.kind is StateKind.PINNED
            if serves and (is_same or self._is_divisible) and is_prefix(tokens, of=content.tokens):
                return True
        return False

    def superseded_by(self, tokens: NDArray[np.int32]) -> tuple[str, ...]:
        """Earlier states of a thread that a state of these tokens replaces."""
        if not self._is_divisible:
            return ()
        return tuple(
            key
            for key, content in self._contents()
            if content.kind is StateKind.THREAD
            and len(content.tokens) < len(tokens)
            and is_prefix(content.tokens, of=tokens)
        )

    def victims(
        self, n_bytes: int, max_bytes: int, *, first: Collection[str] = ()
    ) -> tuple[str, ...] | None:
        """Files to remove before one of `n_bytes` is added, perhaps none.

        Files named in `first` go first, then those of other models, then those whose last use is
        longest ago. None when it does not fit even into an empty folder.
        """
        if n_bytes > max_bytes:
            return None
        n_over = self.n_bytes + n_bytes - max_bytes
        chosen: list[str] = []
        for entry in sorted(
            self._entries.values(),
            key=lambda e: (e.key not in first, e.content is not None, e.used_at, e.key),
        ):
            if n_over <= 0:
                break
            chosen.append(entry.key)
            n_over -= entry.n_bytes
        return tuple(chosen)

    def touch(self, key: str, at: float, *, every_s: float) -> bool:
        """Note that a file was of use; False when that was noted less than `every_s` ago."""
        entry = self._entries.get(key)
        if entry is None or abs(at - entry.used_at) < every_s:
            return False
        self._entries[key] = replace(entry, used_at=at)
        return True

    def _contents(self) -> Iterator[tuple[str, Content]]:
        for key, entry in self._entries.items():
            if entry.content is not None:
                yield key, entry.content


def n_common_tokens(one: NDArray[np.int32], other: NDArray[np.int32]) -> int:
    """Length of the longest common prefix."""
    n_both = min(len(one), len(other))
    if n_both == 0 or one[0] != other[0]:
        return 0
    differs = one[:n_both] != other[:n_both]
    first = int(differs.argmax())
    return first if differs[first] else n_both


def is_prefix(tokens: NDArray[np.int32], *, of: NDArray[np.int32]) -> bool:
    """Whether one begins with all of the other."""
    return n_common_tokens(tokens, of) == len(tokens)


def _worth(ref: StateRef) -> tuple[int, int]:
    return ref.n_common, -ref.n_tokens

"""KV states of idle prefixes, moved out of the KV cache into the computer's own memory.

Attention passes over every cell in use, so a cache that is full of idle threads slows down whoever
is running. Copying a thread out and back takes milliseconds; computing it again takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .prefix_tree import PrefixTree
from .radix_node import Tokens
from .request import SeqId, TokenId


@dataclass(frozen=True, slots=True, kw_only=True)
class OffloadedState:
    """A prefix and the bytes that restore its cells."""

    tokens: Tokens
    state: bytes


class KvOffload:
    """Offloaded states, found by their tokens; the least recently used one goes first.

    A state is here or in the KV cache, never in both for long: whoever restores it takes it out.
    Engine thread only.

    Args:
        max_bytes: Of all states together.
        is_divisible: Whether the beginning of a restored sequence is of use; see `PrefixTree`.
    """

    def __init__(self, *, max_bytes: int, is_divisible: bool = True) -> None:
        self._max_bytes = max_bytes
        self._is_divisible = is_divisible
        self._clear()

    @property
    def n_bytes(self) -> int:
        """Of all states together."""
        return self._n_bytes

    def __len__(self) -> int:
        """How many states there are."""
        return len(self._states)

    def __iter__(self) -> Iterator[OffloadedState]:
        """Every state, the least recently offloaded first."""
        return iter(self._states.values())

    def put(self, tokens: Tokens, state: bytes) -> None:
        """Keep a state; shorter ones that it covers are given up for it.

        An empty one, or one larger than everything that may be kept, is not kept.
        """
        if not tokens or not 0 < len(state) <= self._max_bytes:
            return
        if self.covers(tokens):
            return
        key, self._next_key = self._next_key, SeqId(self._next_key + 1)
        self._tree.start(key, ())
        for redundant in self._tree.extend(key, tokens).redundant:
            self._n_bytes -= len(self._states.pop(redundant).state)
        if not self._tree.finish(key):
            return
        self._states[key] = OffloadedState(tokens=tokens, state=state)
        self._n_bytes += len(state)
        while self._n_bytes > self._max_bytes:
            self.take(next(iter(self._states)))

    def n_common(self, tokens: Sequence[TokenId]) -> int:
        """How many leading tokens of a prompt some state would restore."""
        found = self._tree.match(tokens)
        return found.n_tokens if found is not None else 0

    def take_for(self, tokens: Sequence[TokenId], *, max_tokens: int) -> OffloadedState | None:
        """Remove the state that restores most of a prompt, of several the smallest.

        Args:
            max_tokens: Larger states do not fit.
        """
        prefix = tuple(tokens[: self.n_common(tokens)])
        fitting = [
            (len(state.tokens), key)
            for key, state in self._states.items()
            if prefix and len(state.tokens) <= max_tokens and state.tokens[: len(prefix)] == prefix
        ]
        return self.take(min(fitting)[1]) if fitting else None

    def covers(self, tokens: Tokens) -> bool:
        """Whether some state restores all of these tokens; that one counts as used now."""
        found = self._tree.match(tokens)
        if found is None or found.n_tokens < len(tokens):
            return False
        self._states[found.holder] = self._states.pop(found.holder)
        return True

    def take(self, key: SeqId) -> OffloadedState:
        """Remove a state and return it."""
        taken = self._states.pop(key)
        self._tree.forget(key)
        self._n_bytes -= len(taken.state)
        return taken

    def clear(self) -> None:
        """Forget everything."""
        self._clear()

    def _clear(self) -> None:
        self._tree = PrefixTree(max_pinned_tokens=0, is_divisible=self._is_divisible)
        self._states: dict[SeqId, OffloadedState] = {}
        self._next_key = SeqId(0)
        self._n_bytes = 0

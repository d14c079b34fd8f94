"""Who holds which sequence id and its cells: running sequences, cached prefixes, nobody.

free + cached + running cells = all cells. Cells that several sequences share count once. What is
evicted may go on living in the computer's own memory and comes back when a prompt begins with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from .backends.base import Backend
from .kv_offload import KvOffload
from .prefix_tree import Eviction, PrefixTree
from .request import SeqId, TokenId

_MAX_PINNED_SHARE = 0.5
WORTH_RESTORING_TOKENS = 32
"""A state that saves fewer tokens is not worth the copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCounts:
    """Cells of the KV cache by use; they add up to `total`."""

    free: int
    cached: int
    running: int
    total: int


class KvMemory:
    """Hands out sequence ids and keeps what was computed for reuse. Engine thread only.

    Every id is in exactly one place: free, running (held by a caller) or idle in the prefix tree.
    A running sequence's cells beyond its path in the tree are its own until it publishes them.

    Args:
        max_idle: Most cells to keep for reuse beside pinned prefixes; attention on a CPU passes
            over every cell in use, its own sequence's or not. None: all that are left.
        offload: Where evicted prefixes go; None: nowhere.
    """

    def __init__(
        self, backend: Backend, *, max_idle: int | None = None, offload: KvOffload | None = None
    ) -> None:
        self._backend = backend
        info = backend.info
        self._free = [SeqId(i) for i in reversed(range(info.n_seq_max))]
        self._n_cells: dict[SeqId, int] = {}
        self._n_ctx = info.n_ctx
        self._max_idle = info.n_ctx if max_idle is None else max_idle
        self._offload = offload
        self._tree = PrefixTree(
            max_pinned_tokens=int(info.n_ctx * _MAX_PINNED_SHARE),
            is_divisible=info.can_share_prefixes,
        )

    @property
    def tree(self) -> PrefixTree:
        """What is cached; read only for others."""
        return self._tree

    @property
    def free_ids(self) -> frozenset[SeqId]:
        """Sequence ids that nobody holds."""
        return frozenset(self._free)

    @property
    def n_free(self) -> int:
        """Cells that nobody holds."""
        return self.counts().free

    @property
    def offload(self) -> KvOffload | None:
        """What was evicted but not forgotten; read only for others."""
        return self._offload

    @property
    def n_available(self) -> int:
        """Cells that nobody holds or that could be evicted."""
        counts = self.counts()
        return counts.free + counts.cached

    def counts(self) -> CellCounts:
        """Where all cells are."""
        own = sum(n - self._tree.n_held(seq_id) for seq_id, n in self._n_cells.items())
        running, cached = self._tree.n_locked + own, self._tree.n_idle
        total = self._n_ctx
        return CellCounts(
            free=total - running - cached, cached=cached, running=running, total=total
        )

    def n_known(self, tokens: Sequence[TokenId]) -> int:
        """How many leading tokens of a prompt would not have to be computed, < len(tokens)."""
        match = self._tree.match(tokens[:-1])
        return match.n_tokens if match is not None else 0

    def n_reusable(self, tokens: Sequence[TokenId]) -> int:
        """Like `n_known`, together with what `recall` would bring back."""
        n_known = self.n_known(tokens)
        n_offloaded = self._offload.n_common(tokens[:-1]) if self._offload is not None else 0
        return n_offloaded if n_offloaded >= n_known + WORTH_RESTORING_TOKENS else n_known

    def recall(self, tokens: Sequence[TokenId]) -> None:
        """Bring back the offloaded prefix of a prompt, if much more of it than memory knows."""
        n_known = self.n_known(tokens)
        if self._offload is None or self.n_reusable(tokens) == n_known:
            return
        if not self.free_an_id():
            return
        offloaded = self._offload.take_for(tokens[:-1], max_tokens=self.n_available)
        if offloaded is not None:
            self.adopt(offloaded.tokens, offloaded.state)

    def acquire(self, tokens: Sequence[TokenId]) -> tuple[SeqId, int] | None:
        """Take an id whose memory already holds the longest known prefix of `tokens`.

        Returns:
            The id and the number of tokens it holds, 0 <= n < len(tokens); None when every id is
            held by a running sequence.
        """
        if not self.free_an_id():
            return None
        seq_id = self._free.pop()
        n_shared = self._share_known(seq_id, tokens[:-1])
        self._tree.start(seq_id, tokens[:n_shared])
        self._n_cells[seq_id] = n_shared
        return seq_id, n_shared

    def advance(self, seq_id: SeqId, n_cells: int) -> None:
        """Note that a running sequence holds `n_cells` tokens now."""
        self._n_cells[seq_id] = n_cells

    def publish(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> None:
        """Let others share what a running sequence holds, which is exactly `tokens`."""
        n_before = self._tree.n_held(seq_id)
        grown = self._tree.extend(seq_id, tokens)
        if grown.holder is not None:
            # NOTE: two sequences computed the same tokens; one copy of the cells is enough.
            self._backend.share(grown.holder, seq_id, start=n_before, stop=grown.n_known)
        for redundant in grown.redundant:
            self._recycle(redundant)

    def release(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> None:
        """Give back a running id whose memory holds exactly `tokens`; they may be reused."""
        self._settle(seq_id, tokens)
        self._trim()

    def drop(self, seq_id: SeqId) -> None:
        """Give back a running id and forget its cells, which cannot be trusted."""
        del self._n_cells[seq_id]
        self._tree.forget(seq_id)
        self._recycle(seq_id)

    def pin(self, tokens: Sequence[TokenId]) -> None:
        """Protect a published prefix."""
        self._tree.pin(tokens)

    def make_room(self, n_cells: int) -> bool:
        """Evict until so many cells are free; False when that is not possible."""
        while (n_missing := n_cells - self.n_free) > 0:
            if not self.evict(n_missing):
                return False
        return True

    def free_an_id(self) -> bool:
        """Evict until a sequence id is free; False when all are held by running sequences."""
        while not self._free:
            if not self.evict(self._n_ctx):
                return False
        return True

    def evict(self, n_cells: int) -> bool:
        """Give up cells of the prefix that was used longest ago; False when there is none."""
        # NOTE: a state is moved out whole or not at all.
        eviction = self._tree.evict(n_cells if self._offload is None else self._n_ctx)
        if eviction is None:
            return False
        try:
            self._move_out(eviction)
        except Exception:  # noqa: BLE001 - a copy that fails costs only itself
            structlog.get_logger().exception("state_not_offloaded", n_tokens=len(eviction.tokens))
        if eviction.n_kept:
            self._backend.truncate(eviction.seq_id, eviction.n_kept)
        else:
            self._recycle(eviction.seq_id)
        return True

    def adopt(self, tokens: Sequence[TokenId], state: bytes) -> bool:
        """Restore a saved sequence as a cached prefix; False when it cannot be.

        Args:
            tokens: What `state` was read from, all of it.
        """
        if not self._free or not self.make_room(len(tokens)):
            return False
        seq_id = self._free.pop()
        is_restored = self._backend.write_state(seq_id, state)
        if not is_restored or self._backend.n_tokens(seq_id) != len(tokens):
            self._recycle(seq_id)
            return False
        self._tree.start(seq_id, ())
        self._n_cells[seq_id] = len(tokens)
        self._settle(seq_id, tokens)
        return True

    def reset(self) -> None:
        """Take every id back after the backend was reset; nothing it computed is trusted."""
        if self._offload is not None:
            self._offload.clear()
        self._tree.clear()
        self._n_cells.clear()
        self._free = [SeqId(i) for i in reversed(range(self._backend.info.n_seq_max))]

    def check(self) -> None:
        """Compare the books with what memory really holds.

        Raises:
            ValueError: They differ.
        """
        self._tree.check()
        self._check_ids()
        for seq_id in self._tree.idle:
            n_real, n_booked = self._backend.n_tokens(seq_id), self._tree.n_held(seq_id)
            if n_real != n_booked:
                raise ValueError(f"sequence {seq_id} holds {n_real} tokens instead of {n_booked}")
        for seq_id, n_booked in self._n_cells.items():
            n_real = self._backend.n_tokens(seq_id)
            if n_real != n_booked:
                raise ValueError(f"sequence {seq_id} holds {n_real} tokens instead of {n_booked}")
        if self.n_free < 0:
            raise ValueError(f"more cells are booked than there are: {self.counts()}")

    def _check_ids(self) -> None:
        """Every id is in exactly one place, and those that nobody holds are empty."""
        ids = sorted([*self._free, *self._tree.idle, *self._n_cells])
        if ids != list(range(self._backend.info.n_seq_max)):
            raise ValueError(
                f"of {self._backend.info.n_seq_max} sequence ids these are booked: {ids}"
            )
        for seq_id in self._free:
            if self._backend.n_tokens(seq_id):
                raise ValueError(f"sequence {seq_id} is free and not empty")

    def _settle(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> None:
        self.publish(seq_id, tokens)
        del self._n_cells[seq_id]
        if not self._tree.finish(seq_id):
            self._recycle(seq_id)

    def _trim(self) -> None:
        """Give up whole leaves, the least recently used first, until few enough cells are idle."""
        while self._tree.n_idle > self._max_idle + self._tree.n_pinned:
            if not self.evict(self._n_ctx):
                return

    def _move_out(self, eviction: Eviction) -> None:
        if self._offload is None or eviction.n_freed < WORTH_RESTORING_TOKENS:
            return
        is_whole = self._backend.n_tokens(eviction.seq_id) == len(eviction.tokens)
        if is_whole and not self._offload.covers(eviction.tokens):
            self._offload.put(eviction.tokens, self._backend.read_state(eviction.seq_id))

    def _share_known(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> int:
        """Share the longest known prefix with an empty sequence; returns its length."""
        while (match := self._tree.match(tokens)) is not None:
            holder = match.holder
            if self._backend.n_tokens(holder) >= self._tree_part(holder, match.n_tokens):
                self._backend.share(holder, seq_id, start=0, stop=match.n_tokens)
                return match.n_tokens
            structlog.get_logger().error("prefix_lost", seq_id=holder, n_tokens=match.n_tokens)
            if holder in self._n_cells:
                return 0
            self._tree.forget(holder)
            self._recycle(holder)
        return 0

    def _tree_part(self, holder: SeqId, n_tokens: int) -> int:
        return max(n_tokens, self._n_cells.get(holder, self._tree.n_held(holder)))

    def _recycle(self, seq_id: SeqId) -> None:
        self._backend.truncate(seq_id, 0)
        self._free.append(seq_id)

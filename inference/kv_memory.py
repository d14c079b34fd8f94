"""Who holds which sequence id and its cells: running sequences, cached prefixes, nobody."""

from __future__ import annotations

from collections.abc import Sequence

from .backends.base import Backend
from .prefix_cache import PrefixCache
from .request import SeqId, TokenId

_MAX_PINNED_SHARE = 0.5


class KvMemory:
    """Hands out sequence ids and keeps finished sequences for reuse. Engine thread only.

    Every id is in exactly one place: free, running (held by a caller) or cached.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._free = [SeqId(i) for i in reversed(range(backend.info.n_seq_max))]
        self._cache = PrefixCache(
            max_pinned_tokens=int(backend.info.n_ctx * _MAX_PINNED_SHARE),
        )

    @property
    def free(self) -> frozenset[SeqId]:
        """Ids that nobody holds."""
        return frozenset(self._free)

    @property
    def cached(self) -> frozenset[SeqId]:
        """Ids of idle sequences kept for reuse."""
        return self._cache.seq_ids

    def acquire(self, tokens: Sequence[TokenId]) -> tuple[SeqId, int] | None:
        """Take an id whose memory already holds the longest known prefix of `tokens`.

        Returns:
            The id and the number of tokens it holds, 0 <= n < len(tokens); None when every id is
            held by a running sequence.
        """
        if not self._free and not self.evict():
            return None
        seq_id = self._free.pop()
        match = self._cache.match(tokens)
        if match is None:
            return seq_id, 0
        self._backend.share(match.seq_id, seq_id, start=0, stop=match.n_cached)
        return seq_id, match.n_cached

    def keep(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> None:
        """Give back an id whose memory holds exactly `tokens`; they may be reused."""
        if not self._backend.info.can_share_prefixes:
            self.drop(seq_id)
            return
        for useless in self._cache.add(seq_id, tokens):
            self.drop(useless)

    def drop(self, seq_id: SeqId) -> None:
        """Give back an id and forget its cells."""
        self._backend.truncate(seq_id, 0)
        self._free.append(seq_id)

    def pin(self, seq_id: SeqId, tokens: Sequence[TokenId]) -> None:
        """Protect the prefix `tokens` of a running sequence; does nothing when no id is left."""
        if not self._free or not self._backend.info.can_share_prefixes:
            return
        pin_id = self._free.pop()
        self._backend.share(seq_id, pin_id, start=0, stop=len(tokens))
        for useless in self._cache.add(pin_id, tokens, is_pinned=True):
            self.drop(useless)

    def evict(self) -> bool:
        """Forget the idle sequence that was used longest ago; False when there is none."""
        victim = self._cache.evict()
        if victim is None:
            return False
        self.drop(victim)
        return True

    def reset(self) -> None:
        """Take every id back after the backend was reset."""
        self._cache.clear()
        self._free = [SeqId(i) for i in reversed(range(self._backend.info.n_seq_max))]

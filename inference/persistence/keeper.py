"""Between the engine's memory and its state files: restores before a prefill, saves when idle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..backends.base import Backend, ModelInfo
from ..kv_memory import WORTH_RESTORING_TOKENS, KvMemory
from ..metrics import EngineMetrics
from ..request import SeqId, TokenId
from .container import StateKind
from .policy import WhatToSave
from .state_files import StateCounts, StateFiles

_RETRY_S = 0.2
_CLOSE_S = 10.0


class StateKeeper:
    """Keeps prefixes over a restart. Engine thread only.

    Args:
        files: Closed by this.
        metrics: Told what became of states.
        policy: Chooses what is saved.
    """

    def __init__(
        self, files: StateFiles, metrics: EngineMetrics, policy: WhatToSave | None = None
    ) -> None:
        self._files = files
        self._metrics = metrics
        self._policy = policy or WhatToSave()
        self._reported = StateCounts()

    def restore(self, tokens: Sequence[TokenId], memory: KvMemory) -> None:
        """Bring back the saved prefix of a prompt, if much more of it than memory knows."""
        ref = self._files.match(tokens, max_tokens=memory.n_available)
        if ref is not None and ref.n_common >= memory.n_known(tokens) + WORTH_RESTORING_TOKENS:
            loaded = self._files.load(ref) if memory.free_an_id() else None
            if loaded is not None and not memory.adopt(loaded.tokens, loaded.payload):
                self._files.discard(ref)
        self._report()

    def save_some(self, backend: Backend, memory: KvMemory, now: float) -> float | None:
        """Save the one prefix that is due and most useful.

        Costs the engine thread a copy of its cells; writing happens elsewhere.

        Args:
            now: Monotonic seconds.

        Returns:
            Seconds after which to call again if nothing else happens; None: not at all.
        """
        if not self._files.is_usable:
            return None
        if self._files.is_writing:
            return _RETRY_S
        pinned = {tokens: holder for holder, tokens in memory.tree.pinned_paths()}
        threads = {tokens: seq_id for seq_id, tokens, _ in memory.tree.paths()}
        offloaded = {each.tokens: each.state for each in memory.offload or ()}
        plan = self._policy.plan(pinned, {**offloaded, **threads}, now)
        self._report()
        for candidate in plan.due:
            if self._files.is_saved(candidate.tokens, candidate.kind):
                self._policy.done(candidate)
                continue
            holders = pinned if candidate.kind is StateKind.PINNED else threads
            holder = holders.get(candidate.tokens)
            payload = (
                _read_exactly(backend, memory, holder, candidate.tokens)
                if holder is not None
                else offloaded[candidate.tokens]
            )
            if payload:
                self._files.save(candidate.tokens, payload, candidate.kind)
                self._policy.done(candidate)
                return _RETRY_S
        return plan.wait_s

    def close(self) -> None:
        """Finish writing, within seconds."""
        self._files.close(_CLOSE_S)
        self._report()

    def _report(self) -> None:
        before, now = self._reported, self._files.counts
        self._reported = now
        for event, n in (
            ("hit", now.n_hits - before.n_hits),
            ("miss", now.n_misses - before.n_misses),
            ("corrupt", now.n_corrupt - before.n_corrupt),
            ("saved", now.n_saved - before.n_saved),
            ("dropped", now.n_dropped - before.n_dropped),
        ):
            if n:
                self._metrics.states(event, n)


def keeper_opener(
    folder: Path, *, max_bytes: int
) -> Callable[[ModelInfo, EngineMetrics], StateKeeper]:
    """What opens the states of whichever model gets loaded.

    Args:
        folder: For states of all models.
        max_bytes: Of all files in it together.
    """

    def open_keeper(info: ModelInfo, metrics: EngineMetrics) -> StateKeeper:
        files = StateFiles.open(
            folder, info.identity, max_bytes=max_bytes, is_divisible=info.can_share_prefixes
        )
        return StateKeeper(files, metrics)

    return open_keeper


def _read_exactly(
    backend: Backend, memory: KvMemory, holder: SeqId, tokens: tuple[TokenId, ...]
) -> bytes | None:
    """The state of just these tokens, even where their holder goes on; None: not possible now."""
    if backend.n_tokens(holder) == len(tokens):
        return backend.read_state(holder)
    if not memory.free_ids:
        return None
    acquired = memory.acquire([*tokens, tokens[-1]])
    if acquired is None:
        return None
    seq_id, n_shared = acquired
    state = backend.read_state(seq_id) if n_shared == len(tokens) else None
    memory.release(seq_id, tokens[:n_shared])
    return state

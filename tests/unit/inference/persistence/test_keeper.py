"""Engines on the fake backend that are stopped and started on one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from inference.backends.base import Chunk, DecodeStatus
from inference.backends.fake import FakeBackend
from inference.kv_memory import KvMemory
from inference.kv_offload import KvOffload
from inference.metrics import EngineMetrics
from inference.persistence import StateKeeper, StateKind, WhatToSave, keeper_opener
from inference.persistence.container import read_container
from inference.request import TokenId

from .conftest import FLUSH_S, Store, put, run

PINNED, RESTED = StateKind.PINNED, StateKind.THREAD
PREFIX = run(0, 60)
THREAD = run(0, 130)


@dataclass
class Process:
    """Memory and its saved states; another one on the same store is a restart."""

    store: Store
    backend: FakeBackend = field(default_factory=FakeBackend)
    max_idle: int | None = None

    def __post_init__(self) -> None:
        info = self.backend.info
        self.registry = CollectorRegistry()
        self.memory = KvMemory(
            self.backend, max_idle=self.max_idle, offload=KvOffload(max_bytes=100_000)
        )
        self.files = self.store.open(info.identity, is_divisible=info.can_share_prefixes)
        policy = WhatToSave(idle_s=10.0, min_thread_tokens=50)
        self.keeper = StateKeeper(self.files, EngineMetrics(self.registry), policy)

    def finish(self, tokens: Sequence[TokenId], *, n_pinned: int = 0) -> int:
        """Run a request of these tokens to its end; returns how many were not computed."""
        self.keeper.restore(tokens, self.memory)
        acquired = self.memory.acquire([*tokens, TokenId(7)])
        assert acquired is not None
        seq_id, n_known = acquired
        for start in range(n_known, len(tokens), self.backend.n_batch):
            part = tokens[start : start + self.backend.n_batch]
            chunk = Chunk(seq_id=seq_id, start=start, tokens=part, n_outputs=0)
            assert self.backend.decode([chunk]) is DecodeStatus.DONE
        self.memory.advance(seq_id, len(tokens))
        self.memory.publish(seq_id, tokens)
        if n_pinned:
            self.memory.pin(tokens[:n_pinned])
        self.memory.release(seq_id, tokens)
        self.memory.check()
        return n_known

    def save_all(self, now: float) -> float | None:
        """Call as the engine would until nothing is due; returns the last wait."""
        for _ in range(50):
            wait_s = self.keeper.save_some(self.backend, self.memory, now)
            if wait_s is None or wait_s > 1:
                break
            assert self.files.flush(FLUSH_S)
        else:
            pytest.fail("it never comes to rest")
        self.memory.check()
        return wait_s

    def count(self, event: str) -> float:
        name, labels = "opsbot_inference_state_files_total", {"event": event}
        return self.registry.get_sample_value(name, labels) or 0.0


def saved_lengths(store: Store) -> dict[StateKind, list[int]]:
    """Lengths of the saved states by kind, shortest first."""
    found: dict[StateKind, list[int]] = {kind: [] for kind in StateKind}
    for path in store.paths():
        with path.open("rb") as file:
            summary, payload = read_container(file, path.stat().st_size)
        assert payload == summary.tokens.tobytes(), "a file's tokens are not what it holds"
        found[summary.header.kind].append(summary.header.n_tokens)
    return {kind: sorted(lengths) for kind, lengths in found.items()}


def test_a_restart_computes_only_what_was_never_saved(store: Store) -> None:
    first = Process(store)
    assert first.finish(THREAD, n_pinned=60) == 0
    first.save_all(0.0)
    first.save_all(10.0)
    first.keeper.close()
    second = Process(store)
    assert second.finish(run(0, 140)) == 130
    assert second.backend.n_decoded == 10
    assert (second.count("hit"), first.count("saved")) == (1, 2)


def test_a_restored_sequence_holds_the_very_tokens(store: Store) -> None:
    first = Process(store)
    first.finish(THREAD, n_pinned=60)
    first.save_all(0.0)
    first.keeper.close()
    second = Process(store)
    other_question = PREFIX + run(5000, 40)
    assert second.finish(other_question) == 60
    (seq_id,) = second.memory.tree.idle
    assert second.backend.held(seq_id) == other_question


def test_a_thread_that_was_moved_out_of_the_cache_is_saved_too(store: Store) -> None:
    first = Process(store, max_idle=0)
    first.finish(THREAD)
    assert first.memory.counts().cached == 0
    first.save_all(0.0)
    first.save_all(10.0)
    first.keeper.close()
    assert Process(store).finish(run(0, 140)) == 130


def test_a_pinned_prefix_is_saved_at_once_without_what_follows_it(store: Store) -> None:
    process = Process(store)
    process.finish(THREAD, n_pinned=60)
    assert process.save_all(0.0) == 10.0
    assert saved_lengths(store) == {PINNED: [60], RESTED: []}
    process.save_all(10.0)
    assert saved_lengths(store) == {PINNED: [60], RESTED: [130]}


def test_nothing_is_saved_twice_even_by_another_process(store: Store) -> None:
    processes = [Process(store), Process(store)]
    for process in processes:
        process.finish(THREAD, n_pinned=60)
        process.save_all(0.0)
        assert process.save_all(10.0) is None
        process.keeper.close()
    assert [process.count("saved") for process in processes] == [2, 0]


def test_memory_that_knows_the_prompt_is_not_restored_again(store: Store) -> None:
    process = Process(store)
    process.finish(THREAD, n_pinned=60)
    process.save_all(10.0)
    process.finish(run(0, 150))
    assert process.count("hit") == 0


@pytest.mark.parametrize(("n_ctx", "n_known"), [(128, 60), (59, 0)])
def test_a_state_without_room_for_it_is_left_where_it_is(
    store: Store, n_ctx: int, n_known: int
) -> None:
    first = Process(store)
    first.finish(THREAD, n_pinned=60)
    first.save_all(0.0)
    first.save_all(10.0)
    small = Process(store, FakeBackend(n_ctx=n_ctx))
    assert small.finish(run(0, n_ctx - 5)) == min(n_known, n_ctx - 5)
    assert (small.count("corrupt"), len(store.paths())) == (0, 2)


def test_room_is_made_for_a_state_by_evicting_what_is_idle(store: Store) -> None:
    first = Process(store)
    first.finish(THREAD, n_pinned=60)
    first.save_all(0.0)
    full = Process(store, FakeBackend(n_ctx=256, n_seq_max=2))
    full.finish(run(1000, 120))
    full.finish(run(2000, 120))
    assert not full.memory.free_ids
    assert full.finish(PREFIX + run(5000, 10)) == 60


def test_a_state_the_model_refuses_is_deleted_and_the_prompt_computed(store: Store) -> None:
    put(store.open("fake"), PREFIX, b"odd")
    process = Process(store)
    assert process.finish(THREAD) == 0
    assert (process.count("corrupt"), store.paths()) == (1, [])


def test_a_state_of_fewer_cells_than_tokens_is_deleted(store: Store) -> None:
    put(store.open("fake"), PREFIX, bytes(4 * 59))
    process = Process(store)
    assert process.finish(THREAD) == 0
    assert process.count("corrupt") == 1
    assert process.backend.n_cells_used == len(THREAD)


def test_without_a_free_id_a_pinned_prefix_waits(store: Store) -> None:
    process = Process(store, FakeBackend(n_seq_max=1))
    process.finish(THREAD, n_pinned=60)
    assert process.save_all(0.0) == 10.0
    assert store.paths() == []
    process.save_all(10.0)
    assert saved_lengths(store) == {PINNED: [], RESTED: [130]}


def test_indivisible_memory_saves_and_restores_whole_sequences(store: Store) -> None:
    first = Process(store, FakeBackend(can_share_prefixes=False))
    first.finish(THREAD)
    first.save_all(0.0)
    first.save_all(10.0)
    second = Process(store, FakeBackend(can_share_prefixes=False))
    assert second.finish(run(0, 90)) == 0
    assert second.finish(run(0, 140)) == 130


def test_a_model_without_identity_saves_nothing(store: Store) -> None:
    backend = FakeBackend(identity="")
    opened = keeper_opener(store.path, max_bytes=1 << 20)
    keeper = opened(backend.info, EngineMetrics(CollectorRegistry()))
    memory = KvMemory(backend)
    keeper.restore(THREAD, memory)
    assert keeper.save_some(backend, memory, 0.0) is None
    keeper.close()
    assert not store.path.exists()

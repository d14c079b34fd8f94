"""Batched, shared and restored cells give the logits of computing alone, on a real model.

The shape of a batch changes the order of floating point sums, and on a quantised model that moves
logits by some tenths; so does where in the cache the cells lie. So what is compared was computed in
batches of the same shape and, for the small tolerance, in the same cells.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from inference.backends.base import Chunk, DecodeStatus
from inference.backends.llama_cpp import LlamaBackend
from inference.backends.options import LlamaOptions
from inference.detokenize import TextAssembler
from inference.kv_memory import KvMemory
from inference.metrics import EngineMetrics
from inference.request import Ended, Event, Priority, Sampling, SeqId, TokenId
from inference.runner import Runner
from inference.sequence import Sequence as LiveSequence

pytestmark = pytest.mark.model

TOLERANCE = 0.02
SHAPE_TOLERANCE = 1.0
RULES = "You help on-call engineers. Quote log lines exactly and name the service. " * 6
A, B, C = SeqId(0), SeqId(1), SeqId(2)


@pytest.fixture(scope="module")
def shared_backend(smollm2: Path) -> Iterator[LlamaBackend]:
    loaded = LlamaBackend(smollm2, LlamaOptions(n_ctx=2048, n_batch=128, n_seq_max=12))
    yield loaded
    loaded.close()


@pytest.fixture
def backend(shared_backend: LlamaBackend) -> LlamaBackend:
    for index in range(shared_backend.info.n_seq_max):
        shared_backend.truncate(SeqId(index), 0)
    return shared_backend


def tokens_of(backend: LlamaBackend, text: str) -> list[TokenId]:
    return backend.vocabulary.tokenize(text, parse_special=False)


def feed(
    backend: LlamaBackend, seq_id: SeqId, tokens: Sequence[TokenId], n_chunk: int, start: int = 0
) -> NDArray[np.float32]:
    """Decode tokens from `start` on in chunks; the logits after the last one."""
    n_last = 0
    for at in range(start, len(tokens), n_chunk):
        part = tokens[at : at + n_chunk]
        chunk = Chunk(seq_id=seq_id, start=at, tokens=part, n_outputs=1)
        assert backend.decode([chunk]) is DecodeStatus.DONE
        n_last = len(part)
    return backend.logits(n_last - 1).copy()


def assert_close(
    one: NDArray[np.float32], other: NDArray[np.float32], tolerance: float = TOLERANCE
) -> None:
    assert float(np.abs(one - other).max()) < tolerance
    best = np.sort(one)[-2:]
    if best[1] - best[0] > tolerance:
        assert one.argmax() == other.argmax()


def test_shared_and_chunked_cells_give_the_logits_of_one_prefill(backend: LlamaBackend) -> None:
    prefix, rest = tokens_of(backend, RULES), tokens_of(backend, "The pool is exhausted because")
    feed(backend, A, prefix, 16)
    expected = feed(backend, A, [*prefix, *rest], 7, start=len(prefix))
    backend.truncate(A, 0)
    feed(backend, B, prefix, 16)
    backend.share(B, C, start=0, stop=len(prefix))
    backend.truncate(B, 0)
    assert_close(feed(backend, C, [*prefix, *rest], 7, start=len(prefix)), expected)


def test_replacing_own_cells_by_shared_ones_changes_nothing(backend: LlamaBackend) -> None:
    prefix, rest = tokens_of(backend, RULES), tokens_of(backend, "Restart the service when")
    n = len(prefix) + 2
    feed(backend, A, [*prefix, *rest][:n], 128)
    expected = feed(backend, A, [*prefix, *rest], 128, start=n)
    feed(backend, B, [*prefix, *rest][:n], 128)
    feed(backend, C, [*prefix, *rest][:n], 128)
    backend.share(B, C, start=5, stop=len(prefix))
    assert backend.n_tokens(C) == n
    shared = feed(backend, C, [*prefix, *rest], 128, start=n)
    assert_close(shared, expected, SHAPE_TOLERANCE)
    backend.truncate(B, 5)
    mixed = [*prefix[:5], *reversed(prefix[5:]), *rest]
    feed(backend, B, mixed[:n], 128, start=5)
    wrong = feed(backend, B, mixed, 128, start=n)
    assert float(np.abs(wrong - expected).max()) > SHAPE_TOLERANCE


def test_restored_cells_give_the_logits_of_computed_ones(backend: LlamaBackend) -> None:
    prefix, rest = tokens_of(backend, RULES), tokens_of(backend, "The disk is full, so")
    feed(backend, A, prefix, 128)
    expected = feed(backend, A, [*prefix, *rest], 128, start=len(prefix))
    backend.truncate(A, 0)
    feed(backend, B, prefix, 128)
    state = backend.read_state(B)
    backend.truncate(B, 0)
    memory = KvMemory(backend)
    assert memory.adopt(prefix, state)
    acquired = memory.acquire([*prefix, *rest])
    assert acquired is not None
    seq_id, n_cells = acquired
    assert n_cells == len(prefix)
    assert_close(feed(backend, seq_id, [*prefix, *rest], 128, start=n_cells), expected)


def test_an_aborted_step_leaves_what_was_there_before(backend: LlamaBackend) -> None:
    tokens = tokens_of(backend, RULES + "What now?")[:160]
    feed(backend, A, tokens[:32], 32)
    expected = feed(backend, A, tokens, 128, start=32)
    backend.truncate(A, 32)
    chunk = Chunk(seq_id=A, start=32, tokens=tokens[32:128], n_outputs=0)
    began = time.monotonic()
    status = backend.decode([chunk], should_abort=lambda: time.monotonic() - began > 0.002)
    assert status is DecodeStatus.ABORTED
    backend.truncate(A, 32)
    assert backend.n_tokens(A) == 32
    assert_close(feed(backend, A, tokens, 128, start=32), expected)


class Case:
    """One request run by a runner, with what it said."""

    def __init__(self, backend: LlamaBackend, order: int, text: str) -> None:
        self.events: list[Event] = []
        self.sequence = LiveSequence(
            request_id=f"r{order}",
            order=order,
            priority=Priority.INTERACTIVE,
            prompt=tuple(tokens_of(backend, text)),
            max_tokens=10,
            sampling=Sampling(),
            grammar=None,
            n_pinned=0,
            assembler=TextAssembler(),
            emit=self.events.append,
            submitted_mono=time.monotonic(),
        )

    @property
    def is_over(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], Ended)


def test_a_batch_of_eight_sharing_a_prefix_keeps_its_books(backend: LlamaBackend) -> None:
    runner = Runner(backend, EngineMetrics(CollectorRegistry()))
    cases = [Case(backend, i, f"{RULES} Incident {i}: node-{i} is down. Answer:") for i in range(8)]
    for case in cases:
        runner.submit(case.sequence)
    for _ in range(400):
        if runner.is_idle:
            break
        runner.step()
        runner.memory.check()
    assert all(case.is_over for case in cases)
    n_cached = [case.sequence.n_cached for case in cases[1:]]
    assert min(n_cached) >= len(tokens_of(backend, RULES)) - 2
    for case in cases:
        certain = [*case.sequence.tokens]
        logits = feed(backend, _free_id(runner), certain[: len(case.sequence.prompt)], 128)
        best = np.sort(logits)[-2:]
        if best[1] - best[0] > SHAPE_TOLERANCE:
            assert int(logits.argmax()) == certain[len(case.sequence.prompt)]
        backend.truncate(_free_id(runner), 0)


def _free_id(runner: Runner) -> SeqId:
    return min(runner.memory.free_ids)

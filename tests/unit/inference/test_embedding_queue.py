from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from inference.backends.fake import FakeEncoder
from inference.embedding_queue import EmbeddingQueue, EmbedJob
from inference.errors import InferenceError
from inference.metrics import EngineMetrics

Result = NDArray[np.float32] | Exception


def queue_on(encoder: FakeEncoder) -> EmbeddingQueue:
    return EmbeddingQueue(encoder, EngineMetrics(CollectorRegistry()))


def job(encoder: FakeEncoder, *texts: str) -> tuple[EmbedJob, list[Result]]:
    results: list[Result] = []
    inputs = [encoder.tokenize(text) for text in texts]
    return EmbedJob(inputs=inputs, on_done=results.append), results


def test_jobs_share_a_batch_and_get_their_own_rows() -> None:
    encoder = FakeEncoder()
    queue = queue_on(encoder)
    one, first = job(encoder, "pool dry", "disk full")
    other, second = job(encoder, "node down")
    for added in (one, other):
        queue.add(added)
    queue.step()
    assert encoder.n_batches == 1
    assert queue.is_idle
    alone = encoder.embed(one.inputs)
    assert isinstance(first[0], np.ndarray)
    np.testing.assert_array_equal(first[0], alone)
    assert isinstance(second[0], np.ndarray)
    assert second[0].shape == (1, encoder.n_dimensions)


def test_a_question_overtakes_a_document() -> None:
    encoder = FakeEncoder()
    queue = queue_on(encoder)
    document, done = job(encoder, *(f"chunk {i}" for i in range(20)))
    question, answered = job(encoder, "why?")
    queue.add(document)
    queue.step()
    queue.add(question)
    queue.step()
    assert len(answered) == 1
    assert not done
    for _ in range(10):
        queue.step()
    assert isinstance(done[0], np.ndarray)
    assert done[0].shape[0] == 20


def test_a_batch_is_never_larger_than_the_encoder_takes() -> None:
    encoder = FakeEncoder(n_batch=16, n_seq_max=3)
    queue = queue_on(encoder)
    long, results = job(encoder, *("word " * n for n in (14, 1, 14, 14, 2, 2, 2, 2)))
    queue.add(long)
    for _ in range(20):
        queue.step()
    assert isinstance(results[0], np.ndarray)
    assert results[0].shape[0] == 8


def test_a_failure_ends_only_the_jobs_of_its_batch() -> None:
    encoder = FakeEncoder(failure=MemoryError("boom"))
    queue = queue_on(encoder)
    bad, failed = job(encoder, "a", "b", "c", "d")
    good, done = job(encoder, "e", "f", "g", "h", "i")
    queue.add(good)
    queue.add(bad)
    queue.step()
    for _ in range(3):
        queue.step()
    assert isinstance(failed[0], InferenceError)
    assert "boom" in str(failed[0])
    assert isinstance(done[0], np.ndarray)


def test_abandoned_jobs_cost_nothing() -> None:
    encoder = FakeEncoder()
    queue = queue_on(encoder)
    abandoned, results = job(encoder, "a")
    queue.add(abandoned)
    abandoned.is_abandoned = True
    queue.step()
    assert queue.is_idle
    assert encoder.n_batches == 0
    assert not results

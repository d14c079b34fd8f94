from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.backends.fake import FakeEncoder
from inference.paced_encoder import PacedEncoder
from inference.request import TokenId


class Slowed(FakeEncoder):
    """Takes as long as its threads let it on a machine with `n_free` free cores.

    A thread without a core of its own stalls the others.
    """

    n_threads = 2
    n_free = 2

    def __init__(self) -> None:
        super().__init__(n_ctx=64)
        self.now = 0.0
        self.used: list[int] = [2]

    def set_threads(self, n_threads: int) -> None:
        self.used.append(n_threads)

    def clock(self) -> float:
        return self.now

    def embed(self, batch: Sequence[Sequence[TokenId]]) -> NDArray[np.float32]:
        n_used = self.used[-1]
        seconds = 0.4 / n_used
        self.now += seconds if n_used <= self.n_free else 5 * seconds
        return super().embed(batch)


def embed_for(encoder: Slowed, paced: PacedEncoder, seconds: float) -> int:
    """How many batches were embedded in so much time."""
    batch = [paced.tokenize("word " * 40)]
    end, n_batches = encoder.now + seconds, 0
    while encoder.now < end and n_batches < 10_000:
        paced.embed(batch)
        n_batches += 1
    return n_batches


def test_on_a_quiet_machine_all_threads_are_used_almost_always() -> None:
    encoder = Slowed()
    n_batches = embed_for(encoder, PacedEncoder(encoder, encoder.clock), 60.0)
    assert n_batches > 0.95 * 60.0 / 0.2


@pytest.mark.parametrize("is_busy_from_the_start", [True, False])
def test_beside_a_neighbour_fewer_threads_embed_more(is_busy_from_the_start: bool) -> None:
    encoder = Slowed()
    paced = PacedEncoder(encoder, encoder.clock)
    if not is_busy_from_the_start:
        embed_for(encoder, paced, 20.0)
    encoder.n_free = 1
    embed_for(encoder, paced, 20.0)
    assert embed_for(encoder, paced, 60.0) > 1.5 * 60.0 / 1.0


def test_the_vectors_are_those_of_the_encoder_inside() -> None:
    encoder = Slowed()
    paced = PacedEncoder(encoder, encoder.clock)
    batch = [paced.tokenize("pool is dry"), paced.tokenize("disk is full")]
    np.testing.assert_array_equal(paced.embed(batch), FakeEncoder(n_ctx=64).embed(batch))
    known = (paced.name, paced.n_dimensions, paced.n_ctx, paced.n_batch, paced.n_seq_max)
    assert known == ("fake-encoder", 32, 64, 64, 4)
    paced.close()
    assert encoder.is_closed

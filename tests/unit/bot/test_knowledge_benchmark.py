"""What is measured on: generated documents and drawn vectors."""

from __future__ import annotations

import numpy as np

from bot.benchmarks.knowledge import DrawnVectors, generated_documents, passages


def test_the_same_seed_writes_the_same_documents() -> None:
    first, again, other = (list(generated_documents(80, seed)) for seed in (1, 1, 2))
    assert first == again
    assert [one.text for one in first] != [one.text for one in other]
    assert len({one.path for one in first}) == 10


def test_about_as_many_passages_come_out_as_are_asked_for() -> None:
    documents = list(generated_documents(400, 0))
    assert 300 <= len(passages(documents, 10_000)) <= 500


def test_a_quarter_of_the_documents_is_not_for_everybody() -> None:
    documents = list(generated_documents(800, 0))
    assert sum(bool(one.metadata.groups) for one in documents) == len(documents) // 4


async def test_drawn_vectors_have_length_one_and_depend_on_the_text_only() -> None:
    embedder = DrawnVectors(0)
    vectors = await embedder.embed(["one", "two", "one"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.array_equal(vectors[0], vectors[1])
    assert (await embedder.embed([])).shape == (0, embedder.n_dimensions)

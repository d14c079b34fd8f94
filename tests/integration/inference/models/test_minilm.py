"""The converted encoder against vectors of the reference implementation on the same weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest

from inference.backends.llama_encoder import LlamaEncoder
from inference.models import verify
from inference.models.catalog import find, pin_of
from inference.models.inspect import inspect_model

pytestmark = pytest.mark.model

_REFERENCE = Path(__file__).parents[3] / "fixtures" / "minilm_reference.json"


class Reference(TypedDict):
    text: str
    token_ids: list[int]
    vector: list[float]


@pytest.fixture(scope="module")
def encoder(minilm: Path) -> Iterator[LlamaEncoder]:
    encoder = LlamaEncoder(minilm)
    yield encoder
    encoder.close()


@pytest.fixture
def references() -> list[Reference]:
    return json.loads(_REFERENCE.read_text(encoding="utf-8"))


def test_texts_become_the_tokens_of_the_reference(
    encoder: LlamaEncoder, references: list[Reference]
) -> None:
    for reference in references:
        assert encoder.tokenize(reference["text"]) == reference["token_ids"], reference["text"]


def test_vectors_point_where_the_reference_points(
    encoder: LlamaEncoder, references: list[Reference]
) -> None:
    found = encoder.embed([encoder.tokenize(reference["text"]) for reference in references])
    expected = np.array([reference["vector"] for reference in references])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    cosines = (found * expected).sum(axis=1)
    assert cosines.min() >= 0.999
    assert encoder.n_dimensions == find("all-minilm-l6-v2").shape.head_dim * 12


def test_the_file_says_what_the_catalogue_says(minilm: Path, models_dir: Path) -> None:
    entry, facts = find("all-minilm-l6-v2"), inspect_model(minilm)
    assert facts.is_encoder
    assert facts.architecture == entry.architecture
    assert facts.shape == entry.shape
    assert facts.n_ctx_train == entry.n_ctx_train
    pin = pin_of(entry, models_dir)
    assert pin is not None
    assert verify.sha256_file(minilm) == pin.sha256


def test_a_chat_model_says_what_the_catalogue_says(smollm2: Path) -> None:
    entry, facts = find("smollm2-135m"), inspect_model(smollm2)
    assert not facts.is_encoder
    assert facts.has_chat_template
    assert (facts.architecture, facts.shape) == (entry.architecture, entry.shape)
    assert facts.n_ctx_train == entry.n_ctx_train
    assert facts.quantisation == "Q4_1"
    assert facts.n_parameters == pytest.approx(135e6, rel=0.01)  # pyright: ignore[reportUnknownMemberType]

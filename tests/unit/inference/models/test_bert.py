from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.models import bert
from inference.models.errors import BadModelFileError
from inference.models.gguf_header import read_header
from inference.models.inspect import inspect_model
from inference.models.safetensors import open_safetensors

Tensors = dict[str, NDArray[np.float32]]

TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "pool", "##s", "\u2028", "!")
FACTS = bert.BertFacts(
    name="tiny", licence="apache-2.0", n_heads=2, layer_norm_epsilon=1e-12, is_lowercase=True
)


def write_safetensors(path: Path, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end]}
        offset = end
    head = json.dumps(header).encode()
    body = b"".join(tensor.tobytes() for tensor in tensors.values())
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)


@pytest.fixture
def tensors() -> Tensors:
    """A BERT of one layer, width 4, with distinct values everywhere."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(TOKENS), 4),
        "embeddings.position_embeddings.weight": (16, 4),
        "embeddings.token_type_embeddings.weight": (2, 4),
        "embeddings.LayerNorm.weight": (4,),
        "embeddings.LayerNorm.bias": (4,),
        "pooler.dense.weight": (4, 4),
    }
    for module, shape in {
        "attention.self.query": (4, 4),
        "attention.self.key": (4, 4),
        "attention.self.value": (4, 4),
        "attention.output.dense": (4, 4),
        "attention.output.LayerNorm": (4,),
        "intermediate.dense": (8, 4),
        "output.dense": (4, 8),
        "output.LayerNorm": (4,),
    }.items():
        shapes[f"encoder.layer.0.{module}.weight"] = shape
        shapes[f"encoder.layer.0.{module}.bias"] = shape[:1]
    generator = np.random.default_rng(0)
    return {name: generator.random(shape, dtype=np.float32) for name, shape in shapes.items()}


@pytest.fixture
def inputs(tmp_path: Path, tensors: Tensors) -> tuple[Path, Path]:
    weights, vocabulary = tmp_path / "model.safetensors", tmp_path / "vocab.txt"
    write_safetensors(weights, tensors)
    vocabulary.write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
    return weights, vocabulary


def test_the_file_has_the_facts_of_the_input(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    bert.convert(*inputs, tmp_path / "out.gguf", FACTS)
    facts = inspect_model(tmp_path / "out.gguf")
    assert (facts.architecture, facts.quantisation, facts.is_encoder) == ("bert", "F16", True)
    assert (facts.shape.n_layers, facts.n_embd, facts.n_heads) == (1, 4, 2)
    assert (facts.n_ctx_train, facts.n_vocab) == (16, len(TOKENS))
    fields = read_header(tmp_path / "out.gguf").fields
    assert fields["bert.feed_forward_length"] == 8
    assert fields["bert.attention.causal"] is False
    assert fields["tokenizer.ggml.seperator_token_id"] == TOKENS.index("[SEP]")
    assert fields["tokenizer.ggml.bos_token_id"] == TOKENS.index("[CLS]")


def test_matrices_are_halved_and_the_rest_kept(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    bert.convert(*inputs, tmp_path / "out.gguf", FACTS)
    kinds = {tensor.name: tensor.kind.name for tensor in read_header(tmp_path / "out.gguf").tensors}
    assert len(kinds) == 5 + 16
    assert kinds.pop("position_embd.weight") == kinds.pop("token_types.weight") == "F32"
    assert all(
        kind == ("F16" if name.endswith("weight") and "norm" not in name else "F32")
        for name, kind in kinds.items()
    )


def test_the_same_input_gives_the_same_bytes(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        bert.convert(*inputs, tmp_path / name, FACTS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("token", "stored"),
    [("pool", "\u2581pool"), ("##s", "s"), ("[CLS]", "[CLS]"), ("#", "\u2581#"), ("##", "")],
)
def test_tokens_are_stored_as_they_are_looked_up(token: str, stored: str) -> None:
    assert bert.stored_form(token) == stored


def test_a_token_that_looks_like_a_line_end_is_one_token(inputs: tuple[Path, Path]) -> None:
    assert bert.read_vocabulary(inputs[1]) == TOKENS


def test_a_vocabulary_of_another_model_is_refused(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    inputs[1].write_text("\n".join(TOKENS[:-1]), encoding="utf-8")
    with pytest.raises(BadModelFileError, match="has 8 tokens but the model 9"):
        bert.convert(*inputs, tmp_path / "out.gguf", FACTS)


def test_a_vocabulary_without_its_special_tokens_is_refused(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    inputs[1].write_text("\n".join(("[pad]", *TOKENS[1:])), encoding="utf-8")
    with pytest.raises(BadModelFileError, match=r"lacks the tokens \[PAD\]"):
        bert.convert(*inputs, tmp_path / "out.gguf", FACTS)


def test_a_model_without_a_tensor_is_refused(
    inputs: tuple[Path, Path], tensors: Tensors, tmp_path: Path
) -> None:
    del tensors["encoder.layer.0.output.dense.bias"]
    write_safetensors(inputs[0], tensors)
    with pytest.raises(
        BadModelFileError, match=r"no tensor encoder\.layer\.0\.output\.dense\.bias"
    ):
        bert.convert(*inputs, tmp_path / "out.gguf", FACTS)


def test_tensors_are_read_as_they_were_written(inputs: tuple[Path, Path], tensors: Tensors) -> None:
    source = open_safetensors(inputs[0])
    assert source.names == tuple(tensors)
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(source.read(name), tensor)


def test_a_safetensors_file_cut_short_is_refused(inputs: tuple[Path, Path]) -> None:
    whole = inputs[0].read_bytes()
    for n_bytes in (0, 7, 8, 100, len(whole) - 1):
        inputs[0].write_bytes(whole[:n_bytes])
        with pytest.raises(BadModelFileError):
            open_safetensors(inputs[0]).read("encoder.layer.0.output.LayerNorm.bias")

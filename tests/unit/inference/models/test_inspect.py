from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.models.errors import BadModelFileError
from inference.models.inspect import inspect_model
from inference.models.memory import AttentionShape, estimate_memory


def test_a_file_is_described_as_it_was_written(tiny_gguf: Path) -> None:
    facts = inspect_model(tiny_gguf)
    assert (facts.name, facts.architecture, facts.quantisation) == ("Tiny", "llama", "F32")
    assert facts.shape == AttentionShape(n_layers=1, n_kv_heads=2, head_dim=2)
    assert (facts.n_embd, facts.n_heads, facts.n_ctx_train) == (8, 4, 128)
    assert facts.n_parameters == 48 + 8
    assert (facts.tokenizer, facts.n_vocab) == ("gpt2 (default)", 6)
    assert facts.has_chat_template
    assert not facts.is_encoder
    assert facts.n_file_bytes == tiny_gguf.stat().st_size


def test_without_a_file_type_the_commonest_matrix_type_counts(tmp_path: Path) -> None:
    writer = GGUFWriter(tmp_path / "x.gguf", "llama")
    for number in range(2):
        writer.add_tensor(f"blk.{number}", np.ones((4, 4), dtype=np.float16))
    writer.add_tensor("norm", np.ones(4, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert inspect_model(tmp_path / "x.gguf").quantisation == "F16"


def test_a_file_cut_anywhere_is_refused_with_a_sentence(tiny_gguf: Path) -> None:
    whole = tiny_gguf.read_bytes()
    for n_bytes in {*range(0, len(whole), 9), len(whole) - 1}:
        tiny_gguf.write_bytes(whole[:n_bytes])
        with pytest.raises(BadModelFileError, match=r"not a GGUF file|damaged GGUF file.*again"):
            inspect_model(tiny_gguf)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(at=st.integers(4, 700), noise=st.binary(min_size=1, max_size=12))
def test_noise_is_described_or_refused_but_never_crashes(
    tiny_gguf: Path, at: int, noise: bytes
) -> None:
    whole = tiny_gguf.read_bytes()
    damaged = tiny_gguf.with_name("damaged.gguf")
    damaged.write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    try:
        assert inspect_model(damaged).n_file_bytes == damaged.stat().st_size
    except BadModelFileError as exc:
        assert "damaged GGUF file" in str(exc)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModelFileError, match="is a directory"):
        inspect_model(tmp_path)


def test_the_cache_grows_with_context_layers_and_heads() -> None:
    shape = AttentionShape(n_layers=28, n_kv_heads=2, head_dim=128)
    assert shape.kv_bytes_per_token == 28_672
    small, large = (estimate_memory(1_000, shape, n_ctx) for n_ctx in (1_000, 2_000))
    assert large.kv_bytes == 2 * small.kv_bytes == 57_344_000
    assert large.total_bytes - small.total_bytes == small.kv_bytes


def test_an_encoder_keeps_no_cache() -> None:
    shape = AttentionShape(n_layers=6, n_kv_heads=12, head_dim=32)
    assert estimate_memory(1_000, shape, 512, is_encoder=True).kv_bytes == 0

from __future__ import annotations

from typing import Any

import pytest

from inference.backends.options import FlashAttention, KvType, LlamaOptions, parse_kv_type


@pytest.mark.parametrize("name", ["f16", "q8_0", "Q8_0"])
def test_kv_types_are_known_by_name_in_any_case(name: str) -> None:
    assert parse_kv_type(name).value == name.lower()


def test_an_unknown_kv_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown KV type 'q3_x', expected one of f16, q8_0"):
        parse_kv_type("q3_x")


def test_quantised_values_without_flash_attention_are_refused() -> None:
    with pytest.raises(ValueError, match="q8_0 need flash attention"):
        LlamaOptions(kv_type_v=KvType.Q8_0, flash_attention=FlashAttention.OFF)
    LlamaOptions(kv_type_k=KvType.Q8_0, flash_attention=FlashAttention.OFF)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n_ctx": 0}, "n_ctx is 0, it must be at least 1"),
        ({"n_ubatch": -5}, "n_ubatch is -5"),
        ({"n_threads": 0}, "n_threads is 0"),
        ({"n_gpu_layers": -2}, "n_gpu_layers is -2, it must be at least -1"),
        ({"n_seq_max": 257}, "n_seq_max is 257, at most 256"),
        ({"tensor_split": (1.0, -0.5)}, "no share may be negative"),
    ],
)
def test_values_out_of_range_are_refused_with_the_limit(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        LlamaOptions(**values)


def test_threads_default_to_at_least_one() -> None:
    assert LlamaOptions().threads >= 1
    assert LlamaOptions(n_threads=3).threads == 3

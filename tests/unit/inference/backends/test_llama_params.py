from __future__ import annotations

import ctypes
import gc
import re
from typing import Any, ClassVar

import pytest

from inference.backends.llama_params import check_memory, context_settings, set_model_params
from inference.backends.options import FlashAttention, KvType, LlamaOptions
from inference.errors import ModelUnavailableError


class Params(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        ("n_gpu_layers", ctypes.c_int32),
        ("main_gpu", ctypes.c_int32),
        ("load_mode", ctypes.c_int),
        ("use_extra_bufts", ctypes.c_bool),
        ("tensor_split", ctypes.POINTER(ctypes.c_float)),
    ]


def test_a_split_outlives_its_making_and_is_padded_with_zeros() -> None:
    params: Any = Params()
    options = LlamaOptions(tensor_split=(3.0, 1.0), main_gpu=1, n_gpu_layers=7, uses_mmap=False)
    set_model_params(params, options, 4)
    gc.collect()
    assert params.tensor_split[:4] == [3.0, 1.0, 0.0, 0.0]
    assert (params.main_gpu, params.n_gpu_layers, params.load_mode) == (1, 7, 0)


def test_without_a_split_llama_cpp_decides() -> None:
    params: Any = Params()
    set_model_params(params, LlamaOptions(), 4)
    assert not params.tensor_split


def test_a_split_over_too_many_devices_is_refused() -> None:
    options = LlamaOptions(tensor_split=(1.0,) * 3)
    with pytest.raises(ModelUnavailableError, match="names 3 GPUs, at most 2 work"):
        set_model_params(Params(), options, 2)


def test_a_physical_batch_is_never_larger_than_the_logical_one() -> None:
    settings = context_settings(LlamaOptions(n_batch=128, n_ubatch=512))
    assert (settings["n_ubatch"], settings["n_batch"]) == (128, 128)


def test_kv_types_and_flash_attention_have_llama_cpps_numbers() -> None:
    options = LlamaOptions(kv_type_k=KvType.Q8_0, flash_attention=FlashAttention.ON)
    settings = context_settings(options)
    assert (settings["type_k"], settings["type_v"], settings["flash_attn_type"]) == (8, 1, 1)


def test_a_cache_that_does_not_fit_is_refused_with_what_would() -> None:
    message = "needs 29 MB for keys and values, 14 MB are free: at most 500 tokens fit"
    with pytest.raises(ModelUnavailableError, match=re.escape(message)):
        check_memory(LlamaOptions(n_ctx=1000), 7168, 7168 * 4 * 500)


def test_a_smaller_kv_type_makes_it_fit() -> None:
    n_free_bytes = 7168 * 3 * 1000
    small = LlamaOptions(n_ctx=1000, kv_type_k=KvType.Q8_0, kv_type_v=KvType.Q8_0)
    check_memory(small, 7168, n_free_bytes)
    with pytest.raises(ModelUnavailableError):
        check_memory(LlamaOptions(n_ctx=1000), 7168, n_free_bytes)

"""Our options as llama.cpp's parameters, and what a context will take before it is made."""

from __future__ import annotations

import ctypes
from typing import Any

from ..errors import ModelUnavailableError
from .options import FlashAttention, KvType, LlamaOptions

_GGML_TYPE = {KvType.F16: 1, KvType.Q8_0: 8}
_FLASH_ATTENTION = {FlashAttention.AUTO: -1, FlashAttention.OFF: 0, FlashAttention.ON: 1}
_LOAD_MODE = {False: 0, True: -1}
_MB = 1_000_000


def set_model_params(params: Any, options: LlamaOptions, n_devices_max: int) -> None:  # noqa: ANN401 - a ctypes structure
    """Fill llama.cpp's model parameters, which then keep the split's memory alive.

    Args:
        n_devices_max: Length llama.cpp expects of a split.

    Raises:
        ModelUnavailableError: The split names more GPUs than llama.cpp can use.
    """
    params.n_gpu_layers = options.n_gpu_layers
    params.main_gpu = options.main_gpu
    params.use_extra_bufts = options.repack_weights
    params.load_mode = _LOAD_MODE[options.uses_mmap]
    if not options.tensor_split:
        return
    if len(options.tensor_split) > n_devices_max:
        n = len(options.tensor_split)
        raise ModelUnavailableError(f"tensor_split names {n} GPUs, at most {n_devices_max} work")
    split = (ctypes.c_float * n_devices_max)(*options.tensor_split)
    params.tensor_split = ctypes.cast(split, ctypes.POINTER(ctypes.c_float))


def context_settings(options: LlamaOptions) -> dict[str, int]:
    """Fields of llama.cpp's context parameters for a generating model."""
    return {
        "n_ctx": options.n_ctx,
        "n_seq_max": options.n_seq_max,
        "n_batch": options.n_batch,
        "n_ubatch": min(options.n_ubatch, options.n_batch),
        "type_k": _GGML_TYPE[options.kv_type_k],
        "type_v": _GGML_TYPE[options.kv_type_v],
        "flash_attn_type": _FLASH_ATTENTION[options.flash_attention],
        "kv_unified": True,
    }


def check_memory(options: LlamaOptions, n_values_per_cell: int, n_free_bytes: int) -> None:
    """Refuse a KV cache that the machine has no memory for.

    llama.cpp would get the address space and the process would be killed while it fills it.

    Args:
        n_values_per_cell: Numbers that the keys of one cell consist of, and as many the values.
        n_free_bytes: Memory that can be had without swapping.

    Raises:
        ModelUnavailableError: It does not fit.
    """
    cell_bytes = n_values_per_cell * (
        options.kv_type_k.bytes_per_value + options.kv_type_v.bytes_per_value
    )
    n_bytes = int(cell_bytes * options.n_ctx)
    if n_bytes <= n_free_bytes:
        return
    n_fitting = int(n_free_bytes / cell_bytes)
    raise ModelUnavailableError(
        f"a context of {options.n_ctx} tokens needs {n_bytes / _MB:,.0f} MB for keys and values,"
        f" {n_free_bytes / _MB:,.0f} MB are free: at most {n_fitting} tokens fit"
    )

"""How a model is loaded, without loading anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import psutil

_MOST_SEQUENCES = 256
"""llama.cpp's own ceiling."""


class KvType(Enum):
    """How keys and values are stored in the KV cache."""

    F16 = "f16"
    Q8_0 = "q8_0"

    @property
    def bytes_per_value(self) -> float:
        """Size of one number; Q8_0 stores 32 of them with one 2-byte scale."""
        return 2.0 if self is KvType.F16 else 34 / 32


class FlashAttention(Enum):
    """Whether attention is computed without storing its whole score matrix."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaOptions:
    """How a model is loaded.

    Attributes:
        n_ctx: Cells of the KV cache, in tokens.
        n_batch: Most rows in one decode.
        n_ubatch: Most rows computed at once; more than n_batch counts as n_batch.
        n_threads: Threads; None: one per physical core.
        n_gpu_layers: Layers on the GPU; -1: all of them. Without a GPU it has no effect.
        main_gpu: Index of the GPU that small tensors and scratch buffers go to.
        tensor_split: Share of the layers each GPU gets, in proportion; empty: by free memory.
        n_seq_max: Running and cached sequences together, <= 256.
        kv_type_k: How keys are stored.
        kv_type_v: How values are stored; a quantised type needs flash attention.
        flash_attention: AUTO: where the backend has it.
        uses_mmap: Map the file into memory instead of reading it.
        model_hash: SHA-256 of the file as it was verified; empty: not known, and then sequences
            cannot be saved.
        repack_weights: Rearrange weights at load time. Decodes a little faster with several
            sequences, but prefills slower and loads ten times slower on the CPUs measured.

    Raises:
        ValueError: A value is out of its range, or two exclude one another.
    """

    n_ctx: int = 16384
    n_batch: int = 512
    n_ubatch: int = 512
    n_threads: int | None = None
    n_gpu_layers: int = -1
    main_gpu: int = 0
    tensor_split: tuple[float, ...] = ()
    n_seq_max: int = 64
    kv_type_k: KvType = KvType.F16
    kv_type_v: KvType = KvType.F16
    flash_attention: FlashAttention = FlashAttention.AUTO
    uses_mmap: bool = True
    repack_weights: bool = False
    model_hash: str = ""

    def __post_init__(self) -> None:
        for name in ("n_ctx", "n_batch", "n_ubatch", "n_seq_max"):
            _at_least(name, getattr(self, name), 1)
        if self.n_threads is not None:
            _at_least("n_threads", self.n_threads, 1)
        _at_least("n_gpu_layers", self.n_gpu_layers, -1)
        _at_least("main_gpu", self.main_gpu, 0)
        if self.n_seq_max > _MOST_SEQUENCES:
            raise ValueError(f"n_seq_max is {self.n_seq_max}, at most {_MOST_SEQUENCES} work")
        if any(share < 0 for share in self.tensor_split):
            raise ValueError(f"tensor_split is {self.tensor_split}, no share may be negative")
        if self.kv_type_v is not KvType.F16 and self.flash_attention is FlashAttention.OFF:
            raise ValueError(f"values as {self.kv_type_v.value} need flash attention, it is off")

    @property
    def threads(self) -> int:
        """The number of threads, default filled in."""
        if self.n_threads is not None:
            return self.n_threads
        return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


def parse_kv_type(name: str) -> KvType:
    """The KV type of a name, in any case.

    Raises:
        ValueError: There is none of that name; the message lists those there are.
    """
    known = {kind.value: kind for kind in KvType}
    if name.lower() not in known:
        raise ValueError(f"unknown KV type {name!r}, expected one of {', '.join(known)}")
    return known[name.lower()]


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}, it must be at least {least}")
